import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Chain } from "../lib/chain.ts";
import type { Attachment, ConfList, PluginConf, ResultDocument } from "../lib/cni.ts";
import { addHost, type Uplink } from "../lib/host.ts";
import { Node } from "../lib/node.ts";
import { ours, reference } from "../lib/reference.ts";
import type { Added } from "../lib/stage.ts";
import { conflist } from "./conflists.ts";

/** CNI_PATH: our plugins, the reference's main plugins, and the stand-ins for all others. */
const directory = "/run/cni";
const standIns = ["given", "calico", "flannel", "weave-net", "cilium-cni", "azure-vnet"];
const ofReference = ["bridge", "ptp", "macvlan", "ipvlan", "host-local"];

/** A node of a cluster: a default route over the line to a client host, a directory of plugins, a conflist. */
export class Scene implements AsyncDisposable {
  readonly node: Node;
  readonly uplink: Uplink;
  readonly chain: Chain;
  readonly #list: ConfList;
  readonly #loopback: Chain;

  private constructor(node: Node, uplink: Uplink, list: ConfList) {
    this.node = node;
    this.uplink = uplink;
    this.#list = list;
    this.chain = new Chain(node, directory, list);
    this.#loopback = new Chain(node, directory, conflist("loopback"));
  }

  /** @param name of the conflist */
  static async set(name: string): Promise<Scene> {
    const node = await Node.start();
    const uplink = await addHost(node);
    await node.ip(`route add default via ${uplink.host4}`, `route add default via ${uplink.host6}`);
    await node.run(["sh", "-ec", installation()]);
    return new Scene(node, uplink, withPrivateRecords(conflist(name)));
  }

  /** The same conflist at another version of CNI. */
  at(cniVersion: string): Chain {
    return new Chain(this.node, directory, { ...this.#list, cniVersion });
  }

  /** What stands behind the main plugin, given a result as if that had printed it. */
  behind(result: ResultDocument, cniVersion: string): Chain {
    const plugins = [{ type: "given", result }, ...this.#list.plugins.slice(1)];
    return new Chain(this.node, directory, { ...this.#list, cniVersion, plugins });
  }

  /** The main plugin alone. */
  mainOnly(cniVersion: string): Chain {
    return new Chain(this.node, directory, {
      ...this.#list,
      cniVersion,
      plugins: this.#list.plugins.slice(0, 1),
    });
  }

  /** Makes a pod and ADDs it, first to its loopback network, as containerd does. */
  async add(
    name: string,
    capabilityArgs: Attachment["capabilityArgs"] = {},
    chain = this.chain,
  ): Promise<Added> {
    const pod = await this.node.addPod(name);
    const containerId = new Bun.CryptoHasher("sha256").update(name).digest("hex");
    const attachment = { containerId, netns: pod.netns, capabilityArgs, ifname: "eth0" };
    await this.#loopback.add({ ...attachment, ifname: "lo" });
    return { pod, attachment, result: await chain.add(attachment) };
  }

  /** DEL of all networks of a pod. */
  async del(attachment: Attachment): Promise<void> {
    await this.#loopback.del({ ...attachment, ifname: "lo" });
    await this.chain.del(attachment);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.node.close();
  }
}

function installation(): string {
  const link = (from: string, names: readonly string[]) =>
    names.map((name) => `ln -s ${join(from, name)} ${directory}/`);
  const standIn = fileURLToPath(import.meta.resolve("./stand-ins/main.ts"));
  const wrap = (name: string) =>
    `printf '#!/bin/sh\\nexec "%s" "%s" %s\\n' "${process.execPath}" "${standIn}" ${name} >${directory}/${name}`;
  return [
    `mkdir -p ${directory}`,
    ...link(ours.directory, ["portmap", "bandwidth", "loopback"]),
    ...link(reference.directory, ofReference),
    ...standIns.map(wrap),
    `chmod +x ${standIns.map((name) => join(directory, name)).join(" ")}`,
  ].join("\n");
}

/** host-local keeps its records in /var/lib, which a node shares with the machine. */
function withPrivateRecords(list: ConfList): ConfList {
  const own = (plugin: PluginConf): PluginConf => {
    const ipam = Object(plugin["ipam"]);
    return ipam.type === "host-local"
      ? { ...plugin, ipam: { ...ipam, dataDir: "/run/stand-ins/host-local" } }
      : plugin;
  };
  return { ...list, plugins: list.plugins.map(own) };
}

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ConfList } from "../../lib/cni.ts";
import type { Node } from "../../lib/node.ts";
import { type Installation, reference } from "../../lib/reference.ts";
import { bandwidth, portmap } from "../../lib/stage.ts";

/** Where the plugins and the conflist are on the machine. */
export const pluginDirectory = "/run/cni/bin";
export const confDirectory = "/run/cni/net.d";
/** Of the node on the pods' bridge: the first one of what host-local hands out. */
export const bridgeAddress = "10.88.0.1";
const subnets = { 4: "10.88.0.0/24", 6: "fd00:88::/64" };
const everywhere = { 4: "0.0.0.0/0", 6: "::/0" };

/** A usual conflist of a node: Debian's bridge with hairpin and host-local, then the plugins that are tested. */
export function bridgeNetwork(cniVersion: string, families: readonly (4 | 6)[]): ConfList {
  const ipam = {
    type: "host-local",
    ranges: families.map((family) => [{ subnet: subnets[family] }]),
    routes: families.map((family) => ({ dst: everywhere[family] })),
    dataDir: "/run/cni/leases",
  };
  return {
    cniVersion,
    name: "runtime-net",
    plugins: [
      { type: "bridge", bridge: "cni0", isGateway: true, ipMasq: true, hairpinMode: true, ipam },
      portmap(),
      bandwidth(),
    ],
  };
}

/** Puts the base network's plugins beside the chained ones of somebody, in place of what is there. */
export async function installPlugins(node: Node, { directory }: Installation): Promise<void> {
  const paths = [
    ...["bridge", "host-local"].map(basePlugin),
    ...["portmap", "bandwidth", "loopback"].map((type) => join(directory, type)),
  ];
  await node.run(["mkdir", "-p", pluginDirectory]);
  await node.run(["ln", "-sf", "-t", pluginDirectory, ...paths]);
}

export async function writeConfList(node: Node, conf: ConfList): Promise<void> {
  const file = join(confDirectory, "10-net.conflist");
  await node.run(["sh", "-ec", `mkdir -p ${confDirectory}; cat >${file}`], { stdin: JSON.stringify(conf) });
}

function basePlugin(type: string): string {
  const found = [reference.directory, "/usr/lib/cni", "/opt/cni/bin"]
    .map((directory) => join(directory, type))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error(`no ${type} plugin: install Debian's containernetworking-plugins`);
  return found;
}

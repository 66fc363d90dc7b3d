import { ensureBridge } from "../lib/base-plugin.ts";
import { callPlugin, type PluginAnswer } from "../lib/binary.ts";
import type { ErrorDocument } from "../lib/cni.ts";
import { Node } from "../lib/node.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { mapping } from "../lib/stage.ts";
import type { IptablesVariant } from "../lib/tools.ts";
import { FaultyTools } from "./faulty-tools.ts";

export interface Bench {
  readonly iptables: IptablesVariant;
  readonly backend: "iptables" | "nftables";
  /** Another container of the network that nothing may happen to. */
  readonly neighbour: boolean;
}

export type Verb = "ADD" | "CHECK" | "DEL" | "GC" | "STATUS";

export interface CallOptions {
  readonly path?: string;
  readonly timeoutSeconds?: number;
  readonly container?: string;
  /** What is put before the plugin on its command line. */
  readonly under?: readonly string[];
}

/** A node with tools that can be made to fail, and portmap on it, called without a base network around. */
export class Workbench implements AsyncDisposable {
  readonly node: Node;
  readonly tools: FaultyTools;
  readonly #bench: Bench;

  private constructor(node: Node, tools: FaultyTools, bench: Bench) {
    this.node = node;
    this.tools = tools;
    this.#bench = bench;
  }

  static async set(bench: Bench): Promise<Workbench> {
    const node = await Node.start();
    await ensureBridge(node);
    const workbench = new Workbench(node, await FaultyTools.install(node, bench.iptables), bench);
    if (bench.neighbour) await workbench.succeed("ADD", { container: "neighbour" });
    return workbench;
  }

  /** Calls portmap for container c1, dual stack, tcp and udp. */
  call(verb: Verb, options: CallOptions = {}): Promise<PluginAnswer> {
    const { path = this.tools.path, timeoutSeconds, container = "c1", under = [] } = options;
    const port = container === "c1" ? 8080 : 9090;
    const address = container === "c1" ? 9 : 8;
    const netns = `/run/netns/${container}`;
    const stdin = {
      cniVersion: "1.1.0",
      name: "net",
      type: "portmap",
      backend: this.#bench.backend,
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      ...(verb === "GC" ? { "cni.dev/valid-attachments": this.#valid() } : {}),
      ...(verb === "ADD" || verb === "CHECK" || verb === "DEL"
        ? {
            runtimeConfig: {
              portMappings: [mapping(port, 80), mapping(port + 1, 53, { protocol: "udp" })],
            },
            prevResult: {
              cniVersion: "1.1.0",
              interfaces: [{ name: "eth0", sandbox: netns }],
              ips: [
                { interface: 0, address: `10.88.0.${address}/24` },
                { interface: 0, address: `fd00:88::${address}/64` },
              ],
            },
          }
        : {}),
    };
    const env = {
      PATH: path,
      CNI_COMMAND: verb,
      CNI_CONTAINERID: container,
      CNI_NETNS: netns,
      CNI_IFNAME: "eth0",
      CNI_PATH: plugins,
    };
    return callPlugin(this.node, { binary: plugin("portmap"), env, stdin, under });
  }

  /** The same, where anything but success is a fault of the test's ground. */
  async succeed(verb: Verb, options: CallOptions = {}): Promise<void> {
    const failure = failureOf(await this.call(verb, options));
    if (failure !== undefined) throw new Error(`${verb}: ${JSON.stringify(failure)}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.node.close();
  }

  #valid() {
    return this.#bench.neighbour ? [{ containerID: "neighbour", ifname: "eth0" }] : [];
  }
}

/** The error document; one of our own where a plugin ended without. Undefined for success. */
export function failureOf({ exitCode, json, stderr }: PluginAnswer): ErrorDocument | undefined {
  if (exitCode === 0) return undefined;
  if (json === undefined)
    return { code: -exitCode, msg: `no document, exit code ${exitCode}`, details: stderr };
  return json as ErrorDocument;
}

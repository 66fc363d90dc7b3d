import { type BaseFields, ensureBridge } from "./base-plugin.ts";
import { Chain } from "./chain.ts";
import type { Attachment, PluginConf, ResultDocument } from "./cni.ts";
import { addHost, type Uplink } from "./host.ts";
import { Node, type Pod } from "./node.ts";
import { plugins } from "./plugins.ts";
import type { IptablesVariant } from "./tools.ts";

export interface StageOptions {
  readonly iptables?: IptablesVariant;
  readonly cniVersion?: string;
  /** The embedded base network; default: a bridge with hairpin, both families. */
  readonly base?: BaseFields;
  /** The plugins after the base network; default: portmap alone. */
  readonly chained?: readonly PluginConf[];
}

/** A pod that went through ADD. */
export interface Added {
  readonly pod: Pod;
  readonly attachment: Attachment;
  readonly result: ResultDocument;
}

/** What most tests need: a node, a client host on its line, and a chain to put pods on. Ends with its scope. */
export class Stage implements AsyncDisposable {
  readonly node: Node;
  readonly uplink: Uplink;
  readonly chain: Chain;

  private constructor(node: Node, uplink: Uplink, options: StageOptions) {
    this.node = node;
    this.uplink = uplink;
    this.chain = this.chainOf(options);
  }

  static async set(options: StageOptions = {}): Promise<Stage> {
    const node = await Node.start(options.iptables === undefined ? {} : { iptables: options.iptables });
    if (options.base?.mode !== "ptp") await ensureBridge(node);
    return new Stage(node, await addHost(node), options);
  }

  /** Another network on the same node. */
  chainOf(options: StageOptions, name = "net"): Chain {
    return new Chain(this.node, plugins, {
      cniVersion: options.cniVersion ?? "1.1.0",
      name,
      plugins: [{ type: "base", hairpinMode: true, ...options.base }, ...(options.chained ?? [portmap()])],
    });
  }

  /** Makes a pod and ADDs it. Its container ID is its name. */
  async add(
    name: string,
    capabilityArgs: Attachment["capabilityArgs"] = {},
    chain = this.chain,
  ): Promise<Added> {
    const pod = await this.node.addPod(name);
    const attachment = { containerId: name, ifname: "eth0", netns: pod.netns, capabilityArgs };
    return { pod, attachment, result: await chain.add(attachment) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.node.close();
  }
}

/** The plugins' entries of a conflist, as an operator writes them. */
export const portmap = (fields: Readonly<Record<string, unknown>> = {}): PluginConf => ({
  type: "portmap",
  capabilities: { portMappings: true },
  ...fields,
});

export const bandwidth = (fields: Readonly<Record<string, unknown>> = {}): PluginConf => ({
  type: "bandwidth",
  capabilities: { bandwidth: true },
  ...fields,
});

export const loopback: PluginConf = { type: "loopback" };

export interface Mapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: string;
  readonly hostIP?: string;
}

/** One mapping to a pod's port, TCP unless said otherwise. */
export function mapping(hostPort: number, containerPort: number, rest: Partial<Mapping> = {}): Mapping {
  return { hostPort, containerPort, protocol: "tcp", ...rest };
}

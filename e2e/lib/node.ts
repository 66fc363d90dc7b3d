import { basename } from "node:path";
import { Place } from "./place.ts";
import { Service } from "./process.ts";
import { type IptablesVariant, linkTools, searchPath, toolPath } from "./tools.ts";

/**
 * What a process needs to be a machine of its own. It holds all namespaces and ends with its standard input; as
 * process 1 of its PID namespace it takes every process of the node with it. /run is private: netns names,
 * xtables.lock. /proc is mounted anew, since a container's may be read-only.
 */
const beNode = `
read -r pid rest </proc/self/stat
cd /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/tools
ip link set lo up
echo "$pid"
exec cat`;

/** No wait for duplicate address detection, and a router's forwarding. */
const sysctls = {
  "ipv4/ip_forward": 1,
  "ipv6/conf/all/forwarding": 1,
  "ipv6/conf/default/forwarding": 1,
  "ipv6/conf/all/accept_dad": 0,
  "ipv6/conf/default/accept_dad": 0,
};

export interface NodeOptions {
  /** Which iptables the node's PATH has; default: the machine's own choice. */
  readonly iptables?: IptablesVariant;
}

/** Of the subnet of pods, a /24. */
const lastAddress = 254;

/** A private machine: own mounts, links, rules, sysctls, process ids, host name. Needs root. */
export class Node extends Place {
  readonly #holder: Service;
  readonly #pid: string;
  #newest = 1;
  readonly #holders = new Map<string, number>();
  readonly #free: number[] = [];

  private constructor(holder: Service, pid: string) {
    super("node", enter(pid), { PATH: `/run/tools:${searchPath}`, LC_ALL: "C" });
    this.#holder = holder;
    this.#pid = pid;
  }

  static async start(options: NodeOptions = {}): Promise<Node> {
    const flags = ["--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child"];
    const holder = new Service([toolPath("unshare"), ...flags, "sh", "-ec", beNode], { PATH: searchPath });
    const node = new Node(holder, await holder.ready());
    await node.sysctl(sysctls);
    if (options.iptables !== undefined) await linkTools(node, options.iptables);
    return node;
  }

  /** A number of an address in the node's subnets, from 2 on: one nobody had, as long as there is one, else one given back. */
  takeAddress(holder: string): number {
    const fresh = this.#newest < lastAddress;
    if (fresh) this.#newest += 1;
    const number = fresh ? this.#newest : this.#free.shift();
    if (number === undefined) throw new Error("all addresses of the node's pods are taken");
    this.#holders.set(holder, number);
    return number;
  }

  giveAddressBack(holder: string): void {
    const number = this.#holders.get(holder);
    if (number !== undefined) this.#free.push(number);
    this.#holders.delete(holder);
  }

  /** A new network namespace with only its `lo`, at /run/netns of the node. */
  async addNetns(name: string): Promise<Pod> {
    await this.run(["ip", "netns", "add", name]);
    return this.netns(`/run/netns/${name}`);
  }

  /** A new pod's network namespace; its `lo` is down, as a runtime leaves it. */
  async addPod(name: string): Promise<Pod> {
    const pod = await this.addNetns(name);
    await pod.sysctl({ "ipv6/conf/all/accept_dad": 0, "ipv6/conf/default/accept_dad": 0 });
    return pod;
  }

  /** The place behind a path of a network namespace, as the node sees it. */
  netns(path: string): Pod {
    return new Pod(path, enter(this.#pid, path), this.env);
  }

  async removeNetns(pod: Pod): Promise<void> {
    await this.run(["ip", "netns", "delete", basename(pod.netns)]);
  }

  /** Ends every process of the node, and with them its namespaces. */
  async close(): Promise<void> {
    await this.#holder.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A network namespace of the node; processes in it share all else with the node. */
export class Pod extends Place {
  /** Path of the network namespace, as the node sees it: CNI_NETNS. */
  readonly netns: string;

  constructor(netns: string, enterPod: readonly string[], env: Readonly<Record<string, string>>) {
    super(basename(netns), enterPod, env);
    this.netns = netns;
  }
}

/** Root and working directory are taken along: in a chroot, the mount namespace's own root is another one. */
function enter(pid: string, netns?: string): string[] {
  const net = netns === undefined ? "--net" : `--net=/proc/${pid}/root${netns}`;
  return [toolPath("nsenter"), "-t", pid, "--mount", "--uts", "--ipc", "--pid", "--root", "--wd", net, "--"];
}

import { ensureBridge } from "../lib/base-plugin.ts";
import { Node } from "../lib/node.ts";
import { type Installation, ours, reference } from "../lib/reference.ts";
import { type IptablesVariant, searchPath } from "../lib/tools.ts";
import { callsOf, cniVersion, type Job, network, type Surroundings } from "./calls.ts";
import { kubeProxyRules, otherPods } from "./foreign-rules.ts";
import { NodeDriver } from "./node-driver.ts";
import { type BenchPod, makePods } from "./pods.ts";

export interface SceneOptions {
  readonly iptables: IptablesVariant;
  /** Rules of a kube-proxy in table nat. */
  readonly foreignRules: number;
  /** Other pods with a host port, beside the one neighbour there always is. */
  readonly otherPods: number;
  /** Pods to measure with. */
  readonly pods: number;
}

/** One side's node, with everything a call needs. */
export interface Site extends Surroundings {
  readonly whose: Installation["whose"];
  readonly driver: NodeDriver;
  readonly pods: readonly BenchPod[];
  /** For the reference's CHECK, which is broken for IPv4-only pods as soon as ip6tables can be run. */
  readonly ipv4Env: Readonly<Record<string, string>>;
}

/** Two nodes that are alike but for whose plugins run there. */
export interface Scene extends AsyncDisposable {
  readonly ours: Site;
  readonly reference: Site;
}

export async function setScene(options: SceneOptions): Promise<Scene> {
  const [nodes, drivers]: [Node[], NodeDriver[]] = [[], []];
  const close = async () => {
    for (const driver of drivers) await driver.stop();
    for (const node of nodes) await node.close();
  };
  const site = async (installation: Installation): Promise<Site> => {
    const node = await Node.start({ iptables: options.iptables });
    nodes.push(node);
    const driver = await NodeDriver.start(node);
    drivers.push(driver);
    return furnish(node, driver, installation, options);
  };
  // Together, since only calls are timed; settled, so that a failure leaves no node behind.
  const sites = await Promise.allSettled([site(ours), site(reference)]);
  const [mine, theirs] = sites;
  if (mine.status === "fulfilled" && theirs.status === "fulfilled") {
    return { ours: mine.value, reference: theirs.value, [Symbol.asyncDispose]: close };
  }
  await close();
  throw sites.flatMap((each) => (each.status === "rejected" ? [each.reason] : []))[0];
}

async function furnish(
  node: Node,
  driver: NodeDriver,
  { whose, directory }: Installation,
  options: SceneOptions,
): Promise<Site> {
  await ensureBridge(node);
  await linkIpv4Tools(driver);
  const numbers = Array.from({ length: options.pods + 1 }, (_, at) => at + 2);
  const [neighbour, ...pods] = await makePods(driver, numbers, cniVersion);
  if (neighbour === undefined) throw new Error("a node has a neighbour at least");
  const site = { whose, directory, env: node.env, driver, pods, ipv4Env: { ...node.env, PATH: ipv4Path } };
  if (options.foreignRules > 0) await restore(driver, kubeProxyRules(options.foreignRules));
  await addNeighbour(site, neighbour);
  if (options.otherPods > 0) await restore(driver, otherPods(options.otherPods, network));
  return site;
}

/** A pod that was there before, so that the shared chains are. */
async function addNeighbour(site: Site, pod: BenchPod): Promise<void> {
  const job: Job = { containerId: "neighbour", pod, plugins: ["portmap"], ports: 1, dualStack: true };
  const { error } = await site.driver.measure(callsOf("ADD", job, site, undefined));
  if (error !== undefined) throw new Error(error);
}

async function restore(driver: NodeDriver, rules: string): Promise<void> {
  await driver.run(["iptables-restore", "--noflush"], rules);
}

const ipv4Path = "/run/ipv4-tools";

/** All that the node's PATH has but ip6tables; what stands first in PATH is linked last. */
async function linkIpv4Tools(driver: NodeDriver): Promise<void> {
  const folders = ["/run/tools", ...searchPath.split(":")].toReversed();
  const script = `mkdir ${ipv4Path}
for folder in ${folders.join(" ")}; do
  if [ -n "$(ls $folder)" ]; then ln -sf $folder/* ${ipv4Path}; fi
done
rm ${ipv4Path}/ip6tables*`;
  await driver.run(["sh", "-ec", script]);
}

/** Makes a node one that has never seen a host port: no rules, no chains, no opened loopback. */
export async function forgetAllPods({ driver }: Site): Promise<void> {
  await driver.run(["sh", "-e"], forgetting);
}

const forgetting = `
nft flush ruleset
for tool in iptables-legacy ip6tables-legacy; do
  for table in nat raw; do $tool -t $table -F; $tool -t $table -X; done
done
for file in /proc/sys/net/ipv4/conf/*/route_localnet; do echo 0 >$file; done`;

/** Takes away what the reference's bandwidth leaves on the pods' host ends, where its next ADD fails over it. */
export async function clearHostVeths({ driver, pods }: Site): Promise<void> {
  const lines = pods.flatMap(({ hostVeth }) => [
    `qdisc del dev ${hostVeth} root`,
    `qdisc del dev ${hostVeth} ingress`,
  ]);
  await driver.try(["tc", "-force", "-batch", "-"], `${lines.join("\n")}\n`);
}

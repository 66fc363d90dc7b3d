import type { Job, PluginType } from "./calls.ts";
import { firstHostPort, network } from "./calls.ts";
import { containerChain, ifbName } from "./names.ts";
import type { NodeDriver } from "./node-driver.ts";

/** What is wrong with the state of a node after an ADD or a DEL of a job, a line each; empty if all is well. */
export async function problems(
  driver: NodeDriver,
  job: Job,
  expected: "done" | "gone",
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const plugin of job.plugins) {
    for (const problem of await looks[plugin](driver, job, expected)) found.push(`${plugin}: ${problem}`);
  }
  return found;
}

type Look = (driver: NodeDriver, job: Job, expected: "done" | "gone") => Promise<readonly string[]>;

const looks: Readonly<Record<PluginType, Look>> = {
  portmap: async (driver, job, expected) => {
    const tools = job.dualStack ? ["iptables", "ip6tables"] : ["iptables"];
    const found = await Promise.all(tools.map((tool) => portmapProblems(driver, job, expected, tool)));
    return found.flat();
  },
  bandwidth: async (driver, job, expected) => {
    const ifb = ifbName(network, job.containerId);
    const { exitCode, stdout } = await driver.try(["tc", "qdisc", "show", "dev", ifb]);
    if (expected === "gone") return exitCode === 0 ? [`${ifb} is still there`] : [];
    const veth = await driver.run(["tc", "qdisc", "show", "dev", job.pod.hostVeth]);
    return [
      ...(stdout.includes("qdisc tbf") ? [] : [`no tbf on ${ifb}`]),
      ...(veth.includes("qdisc tbf") ? [] : [`no tbf on ${job.pod.hostVeth}`]),
      ...(veth.includes("qdisc ingress") ? [] : [`no ingress qdisc on ${job.pod.hostVeth}`]),
    ];
  },
  loopback: async (driver, job, expected) => {
    const pod = job.pod.netns.replace("/run/netns/", "");
    const isUp = (await driver.run(["ip", "-n", pod, "link", "show", "lo"])).includes(",UP");
    return isUp === (expected === "done") ? [] : [`lo is ${isUp ? "up" : "down"}`];
  },
};

async function portmapProblems(
  driver: NodeDriver,
  job: Job,
  expected: "done" | "gone",
  tool: string,
): Promise<readonly string[]> {
  const chain = containerChain(network, job.containerId);
  const own = await driver.try([tool, "-t", "nat", "-S", chain]);
  const shared = await driver.run([tool, "-t", "nat", "-S", "CNI-HOSTPORT-DNAT"]);
  const entries = shared.split("\n").filter((line) => line.endsWith(`-j ${chain}`));
  if (expected === "gone") {
    return [
      ...(own.exitCode === 0 ? [`${tool}: ${chain} is still there`] : []),
      ...entries.map((entry) => `${tool}: still there: ${entry}`),
    ];
  }
  const first = firstHostPort(job);
  const entered = entries.flatMap((line) => /--dports (\S+)/.exec(line)?.[1]?.split(",") ?? []);
  return Array.from({ length: job.ports }, (_, at) => at).flatMap((at) => [
    ...(new RegExp(`--dport ${first + at} -j DNAT --to-destination \\S+:${8000 + at}\\n`).test(own.stdout)
      ? []
      : [`${tool}: no DNAT of port ${first + at}`]),
    ...(entered.includes(String(first + at)) ? [] : [`${tool}: port ${first + at} does not enter ${chain}`]),
  ]);
}

import { rounds } from "../lib/long.ts";
import type { Node } from "../lib/node.ts";

/** Services a proxy for Kubernetes has, with two endpoints each. */
const services = rounds(20, 200);

interface Family {
  readonly tool: "iptables" | "ip6tables";
  readonly service: (at: number) => string;
  readonly endpoint: (side: number, at: number) => string;
}

const families: readonly Family[] = [
  {
    tool: "iptables",
    service: (at) => `10.96.0.${at + 1}/32`,
    endpoint: (side, at) => `10.88.${side}.${at}:80`,
  },
  {
    tool: "ip6tables",
    service: (at) => `fd00:96::${(at + 1).toString(16)}/128`,
    endpoint: (side, at) => `[fd00:88:${side}::${at.toString(16)}]:80`,
  },
];

const chains = Array.from({ length: services }, (_, at) => `KUBE-SVC-${at}`);

const restoreText = (...lines: readonly string[]) => ["*nat", ...lines, "COMMIT", ""].join("\n");

/** What is written anew again and again: declaring a chain empties it. */
const rewritten = ({ service, endpoint }: Family) =>
  restoreText(
    ...["KUBE-SERVICES", ...chains].map((chain) => `:${chain} - [0:0]`),
    ...chains.flatMap((chain, at) => [
      `-A KUBE-SERVICES -d ${service(at)} -p tcp -m comment --comment "default/web-${at}" -m tcp --dport 80 -j ${chain}`,
      `-A ${chain} -m statistic --mode random --probability 0.5 -p tcp -j DNAT --to-destination ${endpoint(1, at)}`,
      `-A ${chain} -p tcp -j DNAT --to-destination ${endpoint(2, at)}`,
    ]),
  );

/** What is written once, so that nobody makes good what somebody else does to it: jumps, and a chain in an order. */
const written = restoreText(
  ":KUBE-POSTROUTING - [0:0]",
  ...Array.from({ length: 20 }, (_, at) => `-A KUBE-POSTROUTING -m mark --mark ${at + 1} -j RETURN`),
  "-A PREROUTING -j KUBE-SERVICES",
  "-A OUTPUT -j KUBE-SERVICES",
  "-A POSTROUTING -j KUBE-POSTROUTING",
);

/** Lays down rules as kube-proxy has them, in both families, and keeps how they are listed. */
export async function layForeignRules(node: Node): Promise<void> {
  await node.run(["mkdir", "/run/foreign"]);
  for (const family of families) {
    const { tool } = family;
    await node.run(["tee", `/run/foreign/${tool}`], { stdin: rewritten(family) });
    await node.run([`${tool}-restore`, "--noflush", `/run/foreign/${tool}`]);
    await node.run([`${tool}-restore`, "--noflush"], { stdin: written });
    const list = `${tool}-save -t nat | grep -- '^-A.*KUBE-' >/run/foreign/${tool}-listed`;
    await node.run(["sh", "-ec", list]);
  }
}

/** What those who wrote them anew have found missing, or in another order. */
export async function lostForeignRules(node: Node): Promise<readonly string[]> {
  const lost = await node.run(["sh", "-c", "cat /run/foreign/lost 2>/dev/null; true"]);
  return lost.split("\n").filter((line) => line !== "");
}

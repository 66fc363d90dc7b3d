import { type Observed, transaction } from "iptables-wrapper";
import { expect, test } from "vitest";
import type { PortmapConfig } from "../config.ts";
import type { Destination } from "../destinations.ts";
import { together } from "./merge.ts";
import { absenceOf, desiredRules } from "./plan.ts";

const config: PortmapConfig = {
  snat: true,
  masqAll: false,
  marking: { kind: "bit", bit: 13 },
  conditions: { v4: [], v6: [] },
  onConflict: "replace",
  timeoutMs: 10_000,
  portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp", hostIp: { kind: "any" } }],
};
const destination: Destination = { family: "v4", address: "10.1.0.2", cidr: "10.1.0.2/16" };
const container = (containerId: string, bit = 13) =>
  desiredRules(
    { network: "net", containerId, ifname: "eth0" },
    { ...config, marking: { kind: "bit", bit } },
    destination,
  );
const builtIn: Observed = new Map(
  ["PREROUTING", "OUTPUT", "POSTROUTING"].map((chain) => [chain, { kind: "present", rules: [] }]),
);

test("what containers share is made once, what is theirs for each, the last in front", () => {
  const changes = transaction(builtIn, together([container("old"), container("new")]));
  const jumps = changes.filter(
    ({ chain }) => chain === "PREROUTING" || chain === "OUTPUT" || chain === "POSTROUTING",
  );
  expect(jumps).toHaveLength(3);
  const created = changes.filter(({ kind }) => kind === "newChain").map(({ chain }) => chain);
  expect(new Set(created).size).toBe(created.length);
  expect(created.filter((chain) => chain.startsWith("CNI-DN-"))).toHaveLength(2);
  const entries = changes.flatMap((change) => (change.kind === "insertFirst" ? [change.rule.comment] : []));
  expect(entries.filter((comment) => comment?.startsWith("dnat"))).toEqual([
    'dnat name: "net" id: "old"',
    'dnat name: "net" id: "new"',
  ]);
});

test("the last one's mark is the chain's, and a chain that is to go goes", () => {
  const desired = together([container("old", 12), container("new", 14), absenceOf(["CNI-DN-x"])]);
  const [setMark] = (desired.owned ?? []).filter(({ chain }) => chain === "CNI-HOSTPORT-SETMARK");
  expect(setMark?.rules[0]?.target).toMatchObject({ kind: "mark", value: 2 ** 14 });
  expect(desired.absent).toEqual(["CNI-DN-x"]);
});

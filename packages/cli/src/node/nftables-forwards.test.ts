import type { ListedRule, ListedTable } from "@cni-chain/nft-ts";
import { tagOf } from "@cni-chain/portmap/nftables/names";
import { expect, test } from "vitest";
import { nftablesForwards } from "./nftables-forwards.ts";

const match = (left: object, right: unknown, op = "==") => ({ match: { op, left, right } });
const dport = (port: number) => match({ payload: { protocol: "tcp", field: "dport" } }, port);
const daddr = match({ payload: { protocol: "ip", field: "daddr" } }, "192.0.2.17");
const tag = (text: string) => match({ meta: { key: "length" } }, tagOf(text), "!=");
const dnat = { dnat: { addr: "10.88.0.2", port: 80 } };
const local = match({ fib: { result: "type", flags: ["daddr"] } }, "local");
const jump = { jump: { target: "hostports_all" } };

let handle = 0;
const rule = (comment: string | undefined, ...expressions: object[]): ListedRule => {
  handle += 1;
  return { handle, comment, expressions };
};
function table(chains: Readonly<Record<string, readonly ListedRule[]>>): ListedTable {
  return new Map(Object.entries(chains).map(([name, rules]) => [name, { hook: undefined, rules }]));
}

test("ours tell their network by its tag, the reference's do not; a match beyond is a condition", () => {
  const found = nftablesForwards(
    "v4",
    table({
      prerouting: [rule(undefined, local, jump)],
      hostip_hostports: [rule("old", daddr, dport(1), dnat)],
      hostports: [
        rule("c1", tag("net"), dport(2), dnat),
        rule("c2", daddr, dport(3), dnat),
        rule("c3", tag("net"), tag("ip saddr 10.0.0.1"), local, dport(4), dnat),
      ],
    }),
  );
  const told = found.map(({ hostPort, chain, containerId, networkTag, conditional }) => [
    hostPort,
    chain,
    containerId,
    networkTag,
    conditional,
  ]);
  expect(told).toEqual([
    [1, "hostip_hostports", "old", undefined, false],
    [2, "hostports", "c1", tagOf("net"), false],
    [3, "hostports", "c2", undefined, false],
    [4, "hostports", "c3", tagOf("net"), true],
  ]);
  expect(found[2]).toMatchObject({ hostAddress: "192.0.2.17", place: 2, packets: undefined });
});

test("conditions of the reference stand before all rules", () => {
  const conditional = table({
    prerouting: [rule(undefined, daddr, local, jump)],
    hostports: [rule("c1", dport(1), dnat)],
  });
  expect(nftablesForwards("v4", conditional)[0]?.conditional).toBe(true);
});

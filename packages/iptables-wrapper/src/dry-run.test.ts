import { expect, test } from "vitest";
import type { Change } from "./change.ts";
import { dryTables } from "./dry-run.ts";
import { fakeIptables } from "./fake.ts";
import { reconcile } from "./reconcile.ts";
import type { Rule } from "./rule.ts";
import { transaction } from "./transaction.ts";
import type { Surroundings } from "./variant.ts";

const nft: Surroundings = { realPath: () => "/sbin/xtables-nft-multi", legacyTables: () => [] };
const legacy: Surroundings = { realPath: () => "/sbin/xtables-legacy-multi", legacyTables: () => ["nat"] };
const plain = async () => "plain" as const;
const jump: Rule = { destinationType: "LOCAL", target: { kind: "jump", to: "OWN" } };
const rule: Rule = {
  protocol: "tcp",
  destinationPort: 8080,
  target: { kind: "dnat", address: "10.1.0.5", port: 80 },
};
const changes: readonly Change[] = [
  { kind: "newChain", chain: "OWN" },
  { kind: "append", chain: "OWN", rule },
  { kind: "append", chain: "PREROUTING", rule: jump },
];

test("what is applied is noted and seen by later looks, and the node stays as it is", async () => {
  const node = fakeIptables();
  const tables = dryTables();
  const dry = tables.over(node, { variant: plain, surroundings: nft });
  await dry.apply("v4", { nat: changes });
  expect(node.applied).toEqual([]);
  expect(node.rules("v4", "OWN")).toBeUndefined();
  const { nat } = await dry.observe("v4", { nat: ["OWN", "PREROUTING", "OTHER"] });
  expect(nat?.get("OWN")).toMatchObject({
    kind: "present",
    rules: [{ tokens: expect.arrayContaining(["8080"]) }],
  });
  expect(nat?.get("PREROUTING")).toMatchObject({
    rules: [{ tokens: ["-m", "addrtype", "--dst-type", "LOCAL", "-j", "OWN"] }],
  });
  expect(nat?.get("OTHER")).toEqual({ kind: "absent" });
  expect(
    tables
      .differences()
      .map(({ tool, table, chain, before, after }) => [tool, table, chain, before?.length, after?.length]),
  ).toEqual([
    ["iptables", "nat", "OWN", undefined, 1],
    ["iptables", "nat", "PREROUTING", 0, 1],
  ]);
  expect(tables.commands).toMatchObject([
    { file: "iptables-restore", stdin: expect.stringContaining("-N OWN\n") },
  ]);
});

test("a guess is never tried, and its plan is noted instead", async () => {
  const node = fakeIptables();
  const tables = dryTables();
  await reconcile(tables.over(node, { variant: plain, surroundings: nft }), {
    family: "v6",
    chains: { nat: ["OWN", "PREROUTING"] },
    guess: { nat: changes },
    plan: ({ nat = new Map() }) => ({
      nat: transaction(nat, {
        owned: [{ chain: "OWN", rules: [rule] }],
        entries: [{ chain: "PREROUTING", position: "last", rules: [jump] }],
      }),
    }),
  });
  expect(node.applied).toEqual([]);
  expect(tables.commands).toMatchObject([{ file: "ip6tables-restore" }]);
});

test("clients of one variant share what they have changed", async () => {
  const node = fakeIptables();
  const tables = dryTables();
  const one = tables.over(node, { variant: plain, surroundings: nft });
  await one.apply("v4", { nat: changes });
  const two = tables.over(node, { variant: plain, surroundings: nft });
  await two.apply("v4", { nat: [{ kind: "flushChain", chain: "OWN" }] });
  expect(tables.differences().find(({ chain }) => chain === "OWN")?.after).toEqual([]);
  await expect(two.apply("v4", { nat: [{ kind: "deleteChain", chain: "OWN" }] })).rejects.toThrow(
    "would be refused",
  );
});

test("a table that iptables-legacy does not have is not looked at", async () => {
  const asked: string[] = [];
  const fake = fakeIptables();
  const node: typeof fake = {
    ...fake,
    observe(family, chains) {
      asked.push(...Object.keys(chains));
      return fake.observe(family, chains);
    },
  };
  const dry = dryTables().over(node, { variant: plain, surroundings: legacy });
  const { raw } = await dry.observe("v4", { raw: ["PREROUTING", "OWN"], nat: ["OUTPUT"] });
  expect(asked).toEqual(["nat"]);
  expect(raw?.get("PREROUTING")).toEqual({ kind: "present", rules: [] });
  expect(raw?.get("OWN")).toEqual({ kind: "absent" });
});

import { expect, test } from "vitest";
import type { Nftables } from "./client.ts";
import { dryRuleset } from "./dry-run.ts";
import type { ListedTable, Rule } from "./rule.ts";
import { isSameRule } from "./same-rule.ts";

const rule: Rule = {
  matches: [{ kind: "destinationPort", protocol: "tcp", port: 8080 }],
  verdict: { kind: "dnat", address: "10.1.0.5", port: 80 },
  comment: "c1",
};
const old = { handle: 7, comment: "old", expressions: [] };
const there: ListedTable = new Map([["ports", { hook: undefined, rules: [old] }]]);

function node(table: ListedTable | undefined): Nftables & { readonly looks: string[] } {
  const looks: string[] = [];
  return {
    looks,
    async observe(family, name) {
      looks.push(`${family} ${name}`);
      return table;
    },
    apply: () => Promise.reject(new Error("a dry run has written")),
    tableNames: async () => new Set(),
  };
}

test("what is applied is noted and seen by later looks; the node is read once and not written", async () => {
  const real = node(there);
  const ruleset = dryRuleset();
  const dry = ruleset.over(real);
  await dry.apply("ip", "t", [
    { kind: "insertFirst", chain: "ports", rule },
    { kind: "deleteRule", chain: "ports", handle: 7 },
    { kind: "createChain", chain: "more" },
  ]);
  const table = await dry.observe("ip", "t");
  const rules = table?.get("ports")?.rules ?? [];
  expect(rules.map(({ comment }) => comment)).toEqual(["c1"]);
  expect(rules.every((listed) => isSameRule("ip", rule, listed))).toBe(true);
  expect(table?.has("more")).toBe(true);
  expect(real.looks).toEqual(["ip t"]);
  const [difference] = ruleset.differences();
  expect(difference?.before).toBe(there);
  expect(difference?.after).toBe(table);
  expect(ruleset.written.get(rules[0]?.handle ?? 0)).toBe(rule);
  expect(ruleset.commands).toMatchObject([
    { file: "nft", argv: ["-f", "-"], stdin: expect.stringContaining("delete rule ip t ports handle 7") },
  ]);
});

test.each([
  [{ kind: "deleteRule", chain: "ports", handle: 8 }],
  [{ kind: "append", chain: "none", rule }],
  [{ kind: "createChain", chain: "ports" }],
] as const)("%j would be refused, and nothing of its transaction is noted", async (change) => {
  const ruleset = dryRuleset();
  const dry = ruleset.over(node(there));
  const work = dry.apply("ip", "t", [{ kind: "append", chain: "ports", rule }, change]);
  await expect(work).rejects.toThrow("would be refused");
  expect((await dry.observe("ip", "t"))?.get("ports")?.rules).toEqual([old]);
  expect(ruleset.commands).toEqual([]);
});

test("a table that is not there is made", async () => {
  const ruleset = dryRuleset();
  const dry = ruleset.over(node(undefined));
  await dry.apply("ip6", "t", [
    { kind: "addTable", comment: "x" },
    { kind: "createChain", chain: "ports" },
  ]);
  expect([...((await dry.observe("ip6", "t"))?.keys() ?? [])]).toEqual(["ports"]);
});

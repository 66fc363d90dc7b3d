import { expect, test } from "vitest";
import type { ListedRule, Match, Rule } from "./rule.ts";
import { isSameRule } from "./same-rule.ts";

const match = (op: string, left: object, right: unknown) => ({ match: { right, op, left } });
const expressions = [
  match("!=", { meta: { key: "length" } }, 4000000000),
  match("==", { payload: { field: "saddr", protocol: "ip" } }, { prefix: { len: 8, addr: "10.0.0.0" } }),
  match("==", { payload: { protocol: "tcp", field: "dport" } }, 8080),
  { dnat: { port: 80, addr: "10.0.0.2", family: "ip" } },
];
const listed: ListedRule = { handle: 1, comment: "c1", expressions };
const length: Match = { kind: "lengthNot", length: 4000000000 };
const saddr: Match = { kind: "address", field: "saddr", network: "10.0.0.0/8" };
const dport: Match = { kind: "destinationPort", protocol: "tcp", port: 8080 };
const rule = (matches: readonly Match[], more: Partial<Rule> = {}): Rule => ({
  matches,
  verdict: { kind: "dnat", address: "10.0.0.2", port: 80 },
  comment: "c1",
  ...more,
});

test("a rule is itself, whatever the order of keys and what a version adds to dnat", () => {
  expect(isSameRule("ip", rule([length, saddr, dport]), listed)).toBe(true);
});

test("text stands for what nft made of it", () => {
  const text: Match = { kind: "text", text: "ip saddr 10.0.0.0/8" };
  expect(isSameRule("ip", rule([length, text, dport]), listed)).toBe(true);
  expect(isSameRule("ip", rule([text, length, dport]), listed)).toBe(false);
});

test.each<[string, Rule]>([
  ["another comment", rule([length, saddr, dport], { comment: "c2" })],
  [
    "another target",
    rule([length, saddr, dport], { verdict: { kind: "dnat", address: "10.0.0.2", port: 81 } }),
  ],
  ["a match less", rule([saddr, dport])],
  ["a match more", rule([length, length, saddr, dport])],
  ["another network", rule([length, { ...saddr, network: "10.0.0.0/9" }, dport])],
  ["another order", rule([saddr, length, dport])],
])("%s is another rule", (_, other) => {
  expect(isSameRule("ip", other, listed)).toBe(false);
});

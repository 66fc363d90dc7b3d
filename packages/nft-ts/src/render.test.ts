import { expect, test } from "vitest";
import { renderChanges, renderRule } from "./render.ts";
import type { Rule } from "./rule.ts";

test("a transaction, one line a change", () => {
  const rule: Rule = {
    matches: [
      { kind: "lengthNot", length: 4294967295 },
      { kind: "text", text: "ip6 saddr fd00::/8" },
      { kind: "address", field: "daddr", network: "fd00::1" },
      { kind: "destinationPort", protocol: "tcp", port: 8080 },
    ],
    verdict: { kind: "dnat", address: "fd00::2", port: 80 },
    comment: "c1",
  };
  const text = renderChanges("ip6", "t", [
    { kind: "addTable", comment: "whose it is" },
    { kind: "createChain", chain: "a" },
    { kind: "createChain", chain: "b", hook: { type: "nat", hook: "output", priority: -100 } },
    { kind: "insertFirst", chain: "a", rule },
    { kind: "append", chain: "b", rule: { matches: [], verdict: { kind: "jump", to: "a" } } },
    { kind: "deleteRule", chain: "a", handle: 7 },
  ]);
  expect(text.split("\n")).toEqual([
    'add table ip6 t { comment "whose it is" ; }',
    "create chain ip6 t a",
    "create chain ip6 t b { type nat hook output priority -100 ; }",
    'insert rule ip6 t a meta length != 4294967295 ip6 saddr fd00::/8 ip6 daddr fd00::1 tcp dport 8080 dnat to [fd00::2]:80 comment "c1"',
    "add rule ip6 t b jump a",
    "delete rule ip6 t a handle 7",
    "",
  ]);
});

const drop = { kind: "drop" } as const;
test.each<[string, Rule]>([
  ["a comment that ends the string", { matches: [], verdict: drop, comment: 'a" accept' }],
  ["a comment of two lines", { matches: [], verdict: drop, comment: "a\nb" }],
  ["a comment longer than nft's", { matches: [], verdict: drop, comment: "x".repeat(129) }],
  ["a chain of two words", { matches: [], verdict: { kind: "jump", to: "a accept" } }],
  ["an address that is none", { matches: [], verdict: { kind: "dnat", address: "host", port: 1 } }],
  ["port 0", { matches: [{ kind: "destinationPort", protocol: "tcp", port: 0 }], verdict: drop }],
  ["text that acts", { matches: [{ kind: "text", text: "counter" }], verdict: drop }],
])("%s is refused", (_, rule) => {
  expect(() => renderRule("ip", rule)).toThrow(RangeError);
});

import { expect, test } from "vitest";
import { parseListing, splitTokens } from "./parse-listing.ts";
import { quote, renderListing, renderRestore } from "./render-restore.ts";
import type { Rule } from "./rule.ts";

test("a transaction is one table, one line a change, one COMMIT", () => {
  const rule: Rule = {
    comment: 'a "b"',
    protocol: "tcp",
    destinationPort: 80,
    target: { kind: "jump", to: "B" },
  };
  expect(
    renderRestore({
      nat: [
        { kind: "newChain", chain: "A" },
        { kind: "flushChain", chain: "B" },
        { kind: "append", chain: "A", rule },
        { kind: "insertFirst", chain: "POSTROUTING", rule: { target: { kind: "masquerade" } } },
        { kind: "deleteRule", chain: "C", rule: { tokens: ["-s", "10.0.0.0/8", "-j", "D"] } },
        { kind: "deleteChain", chain: "D" },
      ],
    }),
  ).toBe(
    [
      "*nat",
      "-N A",
      "-F B",
      '-A A -p tcp -m comment --comment "a \\"b\\"" --dport 80 -j B',
      "-I POSTROUTING 1 -j MASQUERADE",
      "-D C -s 10.0.0.0/8 -j D",
      "-X D",
      "COMMIT",
      "",
    ].join("\n"),
  );
});

test("a listing is a transaction that only prints", () => {
  expect(renderListing({ raw: ["PREROUTING"], nat: ["PREROUTING", "X"] })).toBe(
    "*raw\n-S PREROUTING\nCOMMIT\n*nat\n-S PREROUTING\n-S X\nCOMMIT\n",
  );
});

test.each(["", "a b", 'q"q', "b\\b", "it's", "-x", "#", "é;$(id)`"])(
  "a quoted token is read back: %j",
  (token) => {
    expect(splitTokens(`-A X ${quote(token)} end`)).toEqual(["-A", "X", token, "end"]);
  },
);

test.each(["a\nb", "a\rb", "a\0b", "\u007f", "\t"])("a control character is refused: %j", (token) => {
  expect(() => quote(token)).toThrow(RangeError);
});

test.each(["", "a b", "-x", "!x", "x".repeat(29), "a\nCOMMIT"])(
  "%j is refused as a chain's name",
  (chain) => {
    expect(() => renderRestore({ nat: [{ kind: "newChain", chain }] })).toThrow(/no chain name/);
    expect(() => renderListing({ nat: [chain] })).toThrow(/no chain name/);
  },
);

test.each<[string, Partial<Rule>]>([
  ["port 0", { destinationPort: 0 }],
  ["port 65536", { destinationPort: 65536 }],
  ["half a port", { destinationPort: 1.5 }],
  ["no port", { destinationPorts: [] }],
  ["sixteen ports", { destinationPorts: Array.from({ length: 16 }, (_, at) => at + 1) }],
  ["a comment the kernel would cut", { comment: "é".repeat(128) }],
])("%s is refused", (_, rule) => {
  const change = { kind: "append", chain: "A", rule: { target: { kind: "masquerade" }, ...rule } } as const;
  expect(() => renderRestore({ nat: [change] })).toThrow(RangeError);
});

test("a listing is read chain by chain, the empty ones too", () => {
  const chains = parseListing(
    '-P PREROUTING ACCEPT\n-A PREROUTING -j X\n-N X\n-N Y\n-A Y -m comment --comment "a b"\n',
  );
  expect(chains).toEqual([
    { chain: "PREROUTING", rules: [{ tokens: ["-j", "X"] }] },
    { chain: "X", rules: [] },
    { chain: "Y", rules: [{ tokens: ["-m", "comment", "--comment", "a b"] }] },
  ]);
});

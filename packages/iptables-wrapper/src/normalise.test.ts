import { describe, expect, test } from "vitest";
import { clausesOf, jumpTarget, ruleKeys } from "./normalise.ts";
import { splitTokens } from "./parse-listing.ts";
import type { Rule } from "./rule.ts";

/** What iptables 1.8.9 lists for a rule that was written from the object beside it. */
const listedAs: readonly [string, Rule, string][] = [
  [
    "masks a source and names the protocol's match",
    {
      source: "10.0.0.2/24",
      protocol: "tcp",
      destinationPort: 80,
      target: { kind: "dnat", address: "1.2.3.4", port: 8 },
    },
    "-s 10.0.0.0/24 -p tcp -m tcp --dport 80 -j DNAT --to-destination 1.2.3.4:8",
  ],
  [
    "renames destination-ports and quotes the comment",
    {
      comment: 'dnat name: "a b" id: "c\\d\'x"',
      protocol: "udp",
      destinationPorts: [80, 90],
      target: { kind: "jump", to: "CNI-DN-1" },
    },
    `-p udp -m comment --comment "dnat name: \\"a b\\" id: \\"c\\\\d'x\\"" -m multiport --dports 80,90 -j CNI-DN-1`,
  ],
  [
    "leaves a source of every address out",
    { source: "::/0", protocol: "sctp", destinationPort: 1, target: { kind: "jump", to: "X" } },
    "-p sctp -m sctp --dport 1 -j X",
  ],
  [
    "compresses IPv6",
    { source: "fd00:0:0::1/64", target: { kind: "dnat", address: "fd00::2", port: 80 } },
    "-s fd00::/64 -j DNAT --to-destination [fd00::2]:80",
  ],
  [
    "prints marks in hexadecimal",
    { mark: { value: 8192, mask: 8192 }, target: { kind: "masquerade" } },
    "-m mark --mark 0x2000/0x2000 -j MASQUERADE",
  ],
  [
    "reorders conditions",
    { conditions: ["!", "--source", "10.1.2.3", "-i", "eth0"], target: { kind: "jump", to: "X" } },
    "! -s 10.1.2.3/32 -i eth0 -j X",
  ],
];

describe("a rule and the tool's listing of it are the same", () => {
  test.each(listedAs)("%s", (_, rule, listed) => {
    expect(ruleKeys(rule)).toEqual(ruleKeys({ tokens: splitTokens(listed) }));
  });
});

describe("a difference is seen", () => {
  test.each([
    ["another address", "-s 10.0.0.0/24 -j X", "-s 10.0.1.0/24 -j X"],
    ["another prefix", "-s 10.0.0.0/24 -j X", "-s 10.0.0.0/25 -j X"],
    ["negation", "! -s 10.0.0.0/24 -j X", "-s 10.0.0.0/24 -j X"],
    ["another port", "-p tcp --dport 80 -j X", "-p tcp --dport 81 -j X"],
    ["another mark", "-j MARK --set-xmark 0x1/0x1", "-j MARK --set-xmark 0x2/0x2"],
    ["another comment", '-m comment --comment "-j Y" -j X', '-m comment --comment "-j Z" -j X'],
    ["an unknown option", "-m recent --name a -j X", "-m recent --name b -j X"],
  ])("%s", (_, a, b) => {
    expect(ruleKeys({ tokens: splitTokens(a) })).not.toEqual(ruleKeys({ tokens: splitTokens(b) }));
  });
});

test("a list of addresses stands for as many rules", () => {
  const keys = ruleKeys({ tokens: splitTokens("-s 1.1.1.1,2.2.2.2 -d 3.3.3.3,4.4.4.4 -j X") });
  expect(keys).toHaveLength(4);
  expect(keys).toContain(ruleKeys({ tokens: splitTokens("-s 2.2.2.2/32 -d 3.3.3.3/32 -j X") })[0]);
});

test("the jump is found behind a comment that looks like one", () => {
  expect(jumpTarget({ tokens: splitTokens('-m comment --comment "-j EVIL" -j GOOD') })).toBe("GOOD");
  expect(jumpTarget({ tokens: splitTokens("-m comment --comment -j -j GOOD") })).toBe("GOOD");
});

test("clauses keep values of options they do not know", () => {
  expect(clausesOf({ tokens: splitTokens("-m conntrack ! --ctstate DNAT,NEW -j X") })).toEqual([
    { option: "-m", negated: false, values: ["conntrack"] },
    { option: "--ctstate", negated: true, values: ["DNAT,NEW"] },
    { option: "-j", negated: false, values: ["X"] },
  ]);
});

import { expect, test } from "vitest";
import type { Facts, RuleTable } from "../facts.ts";
import { marks, touches } from "./marks.ts";

const words = (text: string) => text.split(" ");

test.each([
  ["-j MARK --set-xmark 0x4000/0x4000", [{ does: "sets", value: 0x4000, mask: 0x4000 }]],
  ["-j MARK --set-xmark 0x1/0xffffffff", [{ does: "sets", value: 1, mask: 0xffffffff }]],
  ["-m mark --mark 0x2000/0x2000 -j ACCEPT", [{ does: "looks at", value: 0x2000, mask: 0x2000 }]],
  ["-m connmark --mark 0x1 -j ACCEPT", []],
  ["-j CONNMARK --set-xmark 0x1/0x1", []],
  ["-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xff", [{ does: "sets", value: 0, mask: 0xff }]],
  ["-p tcp -j ACCEPT", []],
])("%s", (rule, expected) => {
  expect(touches(words(rule))).toEqual(expected);
});

function found(rule: string, bit: number, chain = "PREROUTING") {
  const table: RuleTable = {
    tool: "iptables",
    table: "mangle",
    chains: [{ chain, rules: [rule] }],
  };
  const facts = {
    marks: { uses: [{ bit, networks: ["net"] }], chains: [] },
    tables: { known: true, value: [table] },
  } as unknown as Facts;
  return marks.findings(facts).length;
}

test.each([
  ["kube-proxy's mark is another bit", "-j MARK --set-xmark 0x4000/0x4000", 13, 0],
  ["somebody sets the bit", "-j MARK --set-xmark 0x2000/0x2000", 13, 1],
  ["somebody writes the whole mark", "-j MARK --set-xmark 0x0/0xffffffff", 13, 1],
  ["Calico's mask covers the bit", "-j MARK --set-xmark 0x0/0xffff0000", 16, 1],
  ["a comparison with another value", "-m mark --mark 0x0/0x2000 -j RETURN", 13, 0],
  ["a rule for packets with the bit", "-m mark --mark 0x2000/0x2000 -j DROP", 13, 1],
])("%s", (_what, rule, bit, count) => {
  expect(found(rule, bit)).toBe(count);
});

test("portmap's own chains are no clash", () => {
  expect(found("-j MARK --set-xmark 0x2000/0x2000", 13, "CNI-HOSTPORT-SETMARK")).toBe(0);
});

import type { Json } from "@cni-chain/core";
import { describe, expect, test } from "vitest";
import { node, packet } from "../../test/packet.ts";
import { nftRuleset } from "./nft-rules.ts";
import type { Truth } from "./packet.ts";
import { walk } from "./walk.ts";

const chain = (name: string, more = {}) => ({ chain: { family: "inet", table: "t", name, ...more } });
const forward = chain("fwd", { type: "filter", hook: "forward", prio: 0, policy: "drop" });
const rule = (expr: readonly Json[], within = "fwd") => ({
  rule: { family: "inet", table: "t", chain: within, handle: 1, expr },
});
const ruleset = (...objects: readonly object[]) =>
  nftRuleset(
    "nft inet t",
    { nftables: [forward, chain("side"), ...objects] as unknown as Json },
    () => "as nft says it",
  );
const match = (op: string, left: Json, right: Json) => ({ match: { op, left, right } });
const port = { payload: { protocol: "tcp", field: "dport" } };

describe("whether a rule takes the packet", () => {
  test.each<readonly [string, Json, Truth]>([
    ["tcp dport 8080", match("==", port, 8080), "yes"],
    ["tcp dport != 8080", match("!=", port, 8080), "no"],
    ["tcp dport { 80, 8000-9000 }", match("==", port, { set: [80, { range: [8000, 9000] }] }), "yes"],
    ["tcp dport @ports", match("==", port, "@ports"), "may"],
    ["udp dport 8080", match("==", { payload: { protocol: "udp", field: "dport" } }, 8080), "no"],
    ["udp dport != 8080", match("!=", { payload: { protocol: "udp", field: "dport" } }, 8080), "no"],
    [
      "ip saddr 192.0.2.0/28",
      match(
        "==",
        { payload: { protocol: "ip", field: "saddr" } },
        { prefix: { addr: "192.0.2.0", len: 28 } },
      ),
      "yes",
    ],
    ["ip6 daddr ::1", match("==", { payload: { protocol: "ip6", field: "daddr" } }, "::1"), "no"],
    ["iifname up*", match("==", { meta: { key: "iifname" } }, "up*"), "yes"],
    ["iifname != lo", match("!=", { meta: { key: "iifname" } }, "lo"), "yes"],
    ["meta l4proto { tcp, udp }", match("==", { meta: { key: "l4proto" } }, { set: ["tcp", "udp"] }), "yes"],
    ["meta length != tag", match("!=", { meta: { key: "length" } }, 0x8000_0001), "yes"],
    [
      "meta mark and 0x2000 == 0x2000",
      match("==", { "&": [{ meta: { key: "mark" } }, 0x2000] }, 0x2000),
      "yes",
    ],
    ["meta cgroup 1", match("==", { meta: { key: "cgroup" } }, 1), "may"],
    ["ct state established,related", match("in", { ct: { key: "state" } }, ["established", "related"]), "no"],
    ["ct state new", match("in", { ct: { key: "state" } }, "new"), "yes"],
    ["ct status dnat", match("in", { ct: { key: "status" } }, "dnat"), "yes"],
    ["fib daddr type local", match("==", { fib: { result: "type", flags: ["daddr"] } }, "local"), "yes"],
    ["fib saddr type local", match("==", { fib: { result: "type", flags: ["saddr"] } }, "local"), "no"],
  ])("%s", (_text, expression, expected) => {
    const [base] = ruleset(rule([expression, { accept: null }]));
    expect(base?.table.chains.get("fwd")?.[0]?.takes(packet, node)).toBe(expected);
  });
});

test("a jump, a counter on the way, and the policy at the end", () => {
  const jump = rule([{ counter: { packets: 1, bytes: 1 } }, { jump: { target: "side" } }]);
  expect(walk("forward", ruleset(jump), packet, node)).toMatchObject({
    end: "dropped",
    droppedBy: { policy: true },
  });
  const accept = rule([match("==", port, 8080), { accept: null }], "side");
  expect(walk("forward", ruleset(jump, accept), packet, node)).toMatchObject({
    end: "passes",
    taken: [{ chain: "fwd" }, { chain: "side", rule: { text: "as nft says it" } }],
  });
});

test("a map of verdicts", () => {
  const state = { ct: { key: "state" } };
  const vmap = (data: Json) => ruleset(rule([{ vmap: { key: state, data } }]));
  const literal = {
    set: [
      ["established", { accept: null }],
      ["new", { jump: { target: "side" } }],
    ],
  };
  const side = rule([{ accept: null }], "side");
  const chains = nftRuleset(
    "t",
    {
      nftables: [
        forward,
        chain("side"),
        rule([{ vmap: { key: state, data: literal } }]),
        side,
      ] as unknown as Json,
    },
    () => "x",
  );
  expect(walk("forward", chains, packet, node).end).toBe("passes");
  expect(walk("forward", vmap({ set: [["established", { accept: null }]] }), packet, node).end).toBe(
    "dropped",
  );
  expect(walk("forward", vmap("@verdicts"), packet, node).doubts).toHaveLength(1);
});

test("translations and marks", () => {
  const mangle = {
    mangle: { key: { meta: { key: "mark" } }, value: { "|": [{ meta: { key: "mark" } }, 1] } },
  };
  const [base] = ruleset(
    rule([mangle]),
    rule([{ dnat: { addr: "10.1.0.5", port: 80 } }]),
    rule([{ dnat: { addr: { map: {} } } }]),
    rule([{ limit: { rate: 1 } }, { drop: null }]),
  );
  const rules = base?.table.chains.get("fwd") ?? [];
  expect(rules.map(({ verdict }) => verdict)).toEqual([
    { kind: "mark", value: 1, mask: 1 },
    { kind: "dnat", address: "10.1.0.5", port: 80 },
    { kind: "unknown" },
    { kind: "drop" },
  ]);
  expect(rules[3]?.takes(packet, node)).toBe("may");
});

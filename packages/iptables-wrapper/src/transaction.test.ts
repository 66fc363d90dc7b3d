import { describe, expect, test } from "vitest";
import { differences } from "./differences.ts";
import { splitTokens } from "./parse-listing.ts";
import type { ListedRule, Rule } from "./rule.ts";
import { type ChainState, type Desired, transaction } from "./transaction.ts";

const jump = (to: string): Rule => ({ target: { kind: "jump", to } });
const present = (...lines: string[]): ChainState => ({
  kind: "present",
  rules: lines.map((line): ListedRule => ({ tokens: splitTokens(line) })),
});
const absent: ChainState = { kind: "absent" };
const observed = (chains: Record<string, ChainState>) => new Map(Object.entries(chains));

const desired: Desired = {
  shared: ["SHARED"],
  owned: [{ chain: "OWN", rules: [jump("A"), jump("B")] }],
  entries: [
    { chain: "PREROUTING", position: "last", rules: [jump("SHARED")] },
    {
      chain: "SHARED",
      position: "first",
      rules: [jump("OWN")],
      isOurs: (rule) => rule.tokens.includes("OWN"),
    },
  ],
};
const asDesired = {
  SHARED: present("-j OTHER", "-j OWN"),
  OWN: present("-j A", "-j B"),
  PREROUTING: present("-j FOREIGN", "-j SHARED"),
};

describe("transaction", () => {
  test("is empty where all is as desired", () => {
    expect(transaction(observed(asDesired), desired)).toEqual([]);
  });

  test("makes chains, fills them, then enters them", () => {
    const changes = transaction(observed({ SHARED: absent, OWN: absent, PREROUTING: present() }), desired);
    expect(changes.map(({ kind, chain }) => `${kind} ${chain}`)).toEqual([
      "newChain SHARED",
      "newChain OWN",
      "append OWN",
      "append OWN",
      "append PREROUTING",
      "insertFirst SHARED",
    ]);
  });

  test("takes a chain that two have made at the same time for whole, unless it holds something else", () => {
    const owned = [{ chain: "OWN", rules: [jump("A")], madeByMany: true }];
    const kinds = (own: ChainState) => transaction(observed({ OWN: own }), { owned }).map(({ kind }) => kind);
    expect(kinds(absent)).toEqual(["newChain", "append"]);
    expect(kinds(present("-j A", "-j A"))).toEqual([]);
    expect(differences(observed({ OWN: present("-j A", "-j A") }), { owned })).toEqual([]);
    expect(kinds(present())).toEqual(["append"]);
    expect(kinds(present("-j A", "-j B"))).toEqual(["flushChain", "append"]);
    expect(kinds(present("-j B"))).toEqual(["flushChain", "append"]);
  });

  test("takes a chain nobody has looked at as one to be made", () => {
    const changes = transaction(observed({ ...asDesired, OWN: { kind: "unknown" } }), desired);
    expect(changes[0]).toEqual({ kind: "newChain", chain: "OWN" });
  });

  test("writes to a chain nobody has looked at only what cannot be in it", () => {
    const jumps: Desired = { ...desired, owned: [], entries: desired.entries?.slice(0, 1) ?? [] };
    const changes = transaction(observed({ SHARED: absent }), jumps);
    expect(changes.map(({ kind, chain }) => `${kind} ${chain}`)).toEqual([
      "newChain SHARED",
      "append PREROUTING",
    ]);
    expect(() => transaction(observed({ SHARED: present() }), jumps)).toThrow("PREROUTING was not looked at");
  });

  test("takes no rule for standing that leads to a chain which has gone since", () => {
    const seen = observed({ ...asDesired, OWN: absent });
    const { owned = [], entries: [, entry] = [] } = desired;
    const entries = entry === undefined ? [] : [entry];
    const changes = transaction(seen, { owned, entries });
    expect(changes.map(({ kind, chain }) => `${kind} ${chain}`)).toEqual([
      "newChain OWN",
      "append OWN",
      "append OWN",
      "insertFirst SHARED",
    ]);
    const nothing = entries.map((one) => ({ ...one, rules: [] }));
    expect(transaction(seen, { entries: nothing, absent: ["OWN"] })).toEqual([]);
  });

  test("empties an owned chain that holds something else, without touching the jump to it", () => {
    const changes = transaction(observed({ ...asDesired, OWN: present("-j B", "-j A") }), desired);
    expect(changes.map(({ kind, chain }) => `${kind} ${chain}`)).toEqual([
      "flushChain OWN",
      "append OWN",
      "append OWN",
    ]);
  });

  test("removes own entries that are not wanted, and doubles, and leaves those of others", () => {
    const shared = present("-j OTHER", "-p tcp -j OWN", "-j OWN", "-j OWN");
    const changes = transaction(observed({ ...asDesired, SHARED: shared }), desired);
    expect(changes).toEqual([
      { kind: "deleteRule", chain: "SHARED", rule: { tokens: ["-p", "tcp", "-j", "OWN"] } },
      { kind: "deleteRule", chain: "SHARED", rule: { tokens: ["-j", "OWN"] } },
    ]);
  });

  test("puts several first entries in their order", () => {
    const first: Desired = { entries: [{ chain: "X", position: "first", rules: [jump("A"), jump("B")] }] };
    const changes = transaction(observed({ X: present() }), first);
    expect(changes.map((change) => "rule" in change && change.rule)).toEqual([jump("B"), jump("A")]);
  });

  test("removes chains, the known empty ones without a flush", () => {
    const gone: Desired = { absent: ["FULL", "EMPTY", "GONE"] };
    const changes = transaction(observed({ FULL: present("-j X"), EMPTY: present(), GONE: absent }), gone);
    expect(changes).toEqual([
      { kind: "flushChain", chain: "FULL" },
      { kind: "deleteChain", chain: "FULL" },
      { kind: "deleteChain", chain: "EMPTY" },
    ]);
  });
});

describe("differences", () => {
  test("are none where all is as desired", () => {
    expect(differences(observed(asDesired), desired)).toEqual([]);
  });

  test.each<[string, Record<string, ChainState>, string[]]>([
    [
      "a missing shared chain",
      { ...asDesired, SHARED: absent },
      ["chain SHARED is missing", "rule is missing: -A SHARED -j OWN"],
    ],
    ["a missing own chain", { ...asDesired, OWN: absent }, ["chain OWN is missing"]],
    ["a missing rule", { ...asDesired, OWN: present("-j A") }, ["rule is missing: -A OWN -j B"]],
    [
      "an extra rule",
      { ...asDesired, OWN: present("-j A", "-j B", "-j C") },
      ["rule should not be there: -A OWN -j C"],
    ],
    [
      "a rule twice",
      { ...asDesired, OWN: present("-j A", "-j B", "-j B") },
      ["rule should not be there: -A OWN -j B"],
    ],
    [
      "another order",
      { ...asDesired, OWN: present("-j B", "-j A") },
      ["chain OWN holds its rules in another order"],
    ],
    ["a missing jump", { ...asDesired, PREROUTING: present() }, ["rule is missing: -A PREROUTING -j SHARED"]],
  ])("name %s", (_, chains, lines) => {
    expect(differences(observed(chains), desired)).toEqual(lines);
  });
});

import type { Command, Runner } from "@cni-chain/exec";
import { describe, expect, test } from "vitest";
import { chooseVariant, installedVariants, otherVariant, presenceIn, type Surroundings } from "./variant.ts";

const nft = "/usr/sbin/xtables-nft-multi";
const legacy = "/usr/sbin/xtables-legacy-multi";

/** A node: what the plain name is, where the markers stand, whether legacy's mangle table is loaded. */
function node(
  plain: string | undefined,
  marked: readonly ("nft" | "legacy")[],
  options: { mangle?: boolean; both?: boolean } = {},
) {
  const calls: Command[] = [];
  const variantOf = (file: string) => {
    if (file.includes("-nft-")) return "nft";
    return file.includes("-legacy-") ? "legacy" : plain === nft ? "nft" : "legacy";
  };
  const runner: Runner = {
    async run(command) {
      calls.push(command);
      const found =
        marked.includes(variantOf(command.file)) && command.stdin?.includes("KUBE-KUBELET-CANARY");
      return { kind: "exited", exitCode: found ? 0 : 1, stdout: "", stderr: "" };
    },
  };
  const tools = new Map([["iptables-restore", plain]]);
  if (options.both ?? true) tools.set("iptables-nft-restore", nft).set("iptables-legacy-restore", legacy);
  const choose = () =>
    chooseVariant(runner, {
      realPath: (tool) => tools.get(tool),
      legacyTables: () => (options.mangle ? ["nat", "mangle"] : ["nat"]),
    });
  return { choose, calls, runner };
}

describe("the plain name is taken", () => {
  test.each([
    ["nft, and no legacy table is loaded", node(nft, []), 0],
    ["nft, and only it is marked", node(nft, ["nft"], { mangle: true }), 2],
    ["both are marked", node(nft, ["nft", "legacy"], { mangle: true }), 4],
    ["legacy, and nothing is marked", node(legacy, []), 2],
    ["legacy, and there is no other variant on PATH", node(legacy, ["nft"], { both: false }), 0],
    ["a wrapper script, which judges by itself", node("/usr/sbin/iptables-wrapper", ["nft"]), 0],
    ["there is none: the error will say so", node(undefined, []), 0],
  ])("%s", async (_, { choose, calls }, processes) => {
    expect(await choose()).toBe("plain");
    expect(calls).toHaveLength(processes);
  });
});

test("the marked variant is taken where it alone is marked", async () => {
  expect(await node(legacy, ["nft"]).choose()).toBe("nft");
  expect(await node(nft, ["legacy"], { mangle: true }).choose()).toBe("legacy");
});

test.each([
  ["/usr/sbin/xtables-nft-multi", true, "legacy"],
  ["/usr/sbin/xtables-legacy-multi", true, "nft"],
  ["/usr/sbin/xtables-legacy-multi", false, undefined],
  ["/usr/sbin/iptables-wrapper", true, undefined],
  [undefined, true, undefined],
])("beside the plain name %s, with others installed: %s, the other variant is %s", (plain, both, other) => {
  const realPath = (tool: string) =>
    tool === "iptables-restore" ? plain : both ? `/usr/sbin/${tool}` : undefined;
  expect(otherVariant({ realPath, legacyTables: () => [] })).toBe(other);
});

test.each([
  ["the other has the mark", true, "nft"],
  ["nobody has", false, "plain"],
])(
  "where nft's kernel can be asked, legacy's without table mangle is settled, too, and no process is started: %s",
  async (_, marked, variant) => {
    const { runner, calls } = node(legacy, []);
    const around: Surroundings = {
      realPath: (tool) => (tool === "iptables-restore" ? legacy : nft),
      legacyTables: () => ["nat"],
      hasNftChain: (_family, table, chain) => marked && table === "mangle" && chain === "KUBE-KUBELET-CANARY",
    };
    expect(await chooseVariant(runner, around)).toBe(variant);
    expect(calls).toEqual([]);
  },
);

test.each([
  ["nft's chains are known", "plain", nft, ["nat"], true, true],
  ["and their absence", "nft", legacy, ["nat"], false, false],
  ["unless nobody can tell", "nft", nft, [], undefined, undefined],
  ["of legacy's none where it has no such table", "plain", legacy, ["filter"], true, false],
  ["else they may be there", "legacy", nft, ["nat"], false, undefined],
  ["as where its tables cannot be read", "legacy", nft, undefined, false, undefined],
  ["a wrapper script says nothing", "plain", "/usr/sbin/iptables-wrapper", [], false, undefined],
] as const)("presence of a chain: %s", (_, variant, plain, legacyTables, inNft, expected) => {
  const presence = presenceIn(variant, {
    realPath: () => plain,
    legacyTables: () => legacyTables,
    hasNftChain: () => inNft,
  });
  expect(presence("v6", "nat", "A")).toBe(expected);
});

test("a legacy marker nobody can have is not looked for", async () => {
  const { choose, calls } = node(nft, ["legacy"]);
  expect(await choose()).toBe("plain");
  expect(calls).toEqual([]);
});

test.each<[string, Readonly<Record<string, string>>, readonly (readonly [string, string | undefined])[]]>([
  [
    "both by their names, and no more by the plain one",
    { "iptables-restore": nft, "iptables-nft-restore": nft, "iptables-legacy-restore": legacy },
    [
      ["nft", "nft"],
      ["legacy", "legacy"],
    ],
  ],
  ["the plain name alone", { "iptables-restore": legacy }, [["plain", "legacy"]]],
  [
    "the plain name for what has no other",
    { "iptables-restore": nft, "iptables-legacy-restore": legacy },
    [
      ["legacy", "legacy"],
      ["plain", "nft"],
    ],
  ],
  ["a script", { "iptables-restore": "/usr/sbin/wrapper" }, [["plain", undefined]]],
  [
    "a script beside both",
    { "iptables-restore": "/x", "iptables-nft-restore": nft, "iptables-legacy-restore": legacy },
    [
      ["nft", "nft"],
      ["legacy", "legacy"],
    ],
  ],
  ["none", {}, []],
])("installed: %s", (_, tools, expected) => {
  const around: Surroundings = { realPath: (tool) => tools[tool], legacyTables: () => [] };
  expect(installedVariants("v4", around).map(({ variant, kind }) => [variant, kind])).toEqual(expected);
});

import type { Command, Runner } from "@cni-chain/exec";
import { describe, expect, test } from "vitest";
import { chooseVariant, otherVariant } from "./variant.ts";

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
  return { choose, calls };
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

test("a legacy marker nobody can have is not looked for", async () => {
  const { choose, calls } = node(nft, ["legacy"]);
  expect(await choose()).toBe("plain");
  expect(calls).toEqual([]);
});

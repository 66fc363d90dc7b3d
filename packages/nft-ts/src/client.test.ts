import type { ScriptedResult } from "@cni-chain/exec/fake";
import { scriptedRunner } from "@cni-chain/exec/fake";
import { expect, test } from "vitest";
import { nftables } from "./client.ts";
import { reconcile } from "./reconcile.ts";

const list = { file: "nft", argv: ["-j", "list", "table", "ip", "t"] };
const names = { file: "nft", argv: ["list", "flowtables"] };
const listed = (...rules: object[]) => ({
  stdout: JSON.stringify({ nftables: [{ chain: { name: "c" } }, ...rules.map((rule) => ({ rule }))] }),
});
const missing = { exitCode: 1, stderr: "Error: whatever it says\nlist table ip t\n              ^\n" };

async function observe(...results: [object, ScriptedResult][]) {
  const runner = scriptedRunner(
    results.map(([command, result]) => ({ command: command as typeof list, result })),
  );
  const table = await nftables(runner).observe("ip", "t");
  runner.finish();
  return table;
}

test("a table is read with its rules in their order", async () => {
  const table = await observe([
    list,
    listed({ chain: "c", handle: 2, comment: "x" }, { chain: "c", handle: 1 }),
  ]);
  expect(table?.get("c")).toEqual({
    hook: undefined,
    rules: [
      { handle: 2, comment: "x", expressions: [] },
      { handle: 1, comment: undefined, expressions: [] },
    ],
  });
});

test("a table is absent only where the tables say so", async () => {
  const others = { stdout: "table ip6 t {\n}\ntable ip tt {\n}\n" };
  const there = { stdout: "table ip t {\n}\n" };
  expect(await observe([list, missing], [names, others])).toBeUndefined();
  const gone: [object, ScriptedResult][] = [
    [list, missing],
    [names, there],
  ];
  await expect(observe(...Array(7).fill(gone).flat(), [list, missing])).rejects.toThrow(
    "nft: exit code 1: Error: whatever it says",
  );
  await expect(observe([list, missing], [names, { exitCode: 1, stderr: "no nf_tables" }])).rejects.toThrow(
    "no nf_tables",
  );
});

test("a table that somebody makes while we look is there", async () => {
  expect(
    await observe([list, missing], [names, { stdout: "table ip t {\n}\n" }], [list, listed()]),
  ).toBeDefined();
});

test("a table that somebody makes and flushes while we look is not there", async () => {
  const there = { stdout: "table ip t {\n}\n" };
  expect(await observe([list, missing], [names, there], [list, missing], [names, {}])).toBeUndefined();
});

test.each([
  ["toolMissing", { kind: "notFound", path: "/bin" }],
  ["timedOut", { kind: "timedOut", timeoutMs: 1, stdout: "", stderr: "" }],
  ["failed", { exitCode: 3, stderr: "x" }],
  ["failed", { stdout: "not JSON" }],
] as const)("%s", async (failure, result) => {
  await expect(observe([list, result])).rejects.toMatchObject({ name: "CommandError", failure });
});

test("the reason stands first in what nft says, and is no longer than a message can be", async () => {
  const refused = (stderr: string) => observe([list, { exitCode: 3, stderr }]);
  await expect(refused("Error: first\nlist table\n     ^^^^^\n")).rejects.toThrow(
    /^nft: exit code 3: Error: first$/,
  );
  await expect(refused("x".repeat(1_000_000))).rejects.toThrow(/^nft: exit code 3: .{500,600}$/);
});

const apply = (line: string) => ({ file: "nft", argv: ["-f", "-"], stdin: `${line}\n` });

test("a lost race is planned again, a real failure is told", async () => {
  const plan = (handles: number | undefined) =>
    handles === undefined ? [] : [{ kind: "deleteRule", chain: "c", handle: handles } as const];
  const standing = { command: list, result: listed({ chain: "c", handle: 1 }) };
  const refused = { command: apply("delete rule ip t c handle 1"), result: missing };
  const run = async (...calls: Parameters<typeof scriptedRunner>[0][number][]) => {
    const runner = scriptedRunner(calls);
    await reconcile(nftables(runner), {
      family: "ip",
      table: "t",
      plan: (table) => plan(table?.get("c")?.rules[0]?.handle),
    });
    runner.finish();
  };
  await run(standing, refused, { command: list, result: listed() });
  await run(standing, refused, standing, { ...refused, result: {} });
  const given = run(standing, refused, standing, refused, standing, refused, standing);
  await expect(given).rejects.toThrow("whatever");
});

test("a change that prints something has not been made", async () => {
  const command = { file: "nft", argv: ["-f", "-"], stdin: "delete rule ip t c handle 1\n" };
  const runner = scriptedRunner([{ command, result: { stdout: "rubbish\nmore" } }]);
  const changed = nftables(runner).apply("ip", "t", [{ kind: "deleteRule", chain: "c", handle: 1 }]);
  await expect(changed).rejects.toThrow('nft: exit code 0: unexpected output: "rubbish"');
});

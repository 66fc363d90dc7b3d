import { scriptedRunner } from "@cni-chain/exec/fake";
import { expect, test } from "vitest";
import { change, observe } from "./client.ts";

const show = (...devices: string[]) => ({
  file: "tc",
  argv: ["-j", "-r", "-batch", "-"],
  stdin: devices.map((name) => `qdisc show dev ${name}\nfilter show dev ${name} ingress\n`).join(""),
});
const alone = (device: string) => ({ file: "tc", argv: ["-j", "-r", "qdisc", "show", "dev", device] });
const answer = '[{"kind":"noqueue","handle":"0:","root":true}]\n[]\n';
const shaping = { qdiscs: [{ kind: "other", type: "noqueue", handle: "0:", root: true }], filters: [] };
const unknown = (line: number) => ({
  exitCode: 1,
  stderr: `Cannot find device "b"\nCommand failed -:${line}\n`,
});

test("reads several devices in one process, and leaves a missing one out", async () => {
  const runner = scriptedRunner([
    { command: show("a", "b", "c"), result: { ...unknown(3), stdout: answer } },
    { command: alone("b"), result: { exitCode: 1 } },
    { command: show("c"), result: { stdout: answer } },
  ]);
  expect([...(await observe(runner, ["a", "b", "c"]))]).toEqual([
    ["a", shaping],
    ["c", shaping],
  ]);
  runner.finish();
});

test("a refusal of the kernel is not absence", async () => {
  const failed = { command: show("b"), result: unknown(1) };
  const refusing = scriptedRunner([failed, { command: alone("b"), result: { exitCode: 2 } }]);
  await expect(observe(refusing, ["b"])).rejects.toMatchObject({ name: "CommandError" });
  const there = scriptedRunner([failed, { command: alone("b"), result: { stdout: "[]\n" } }]);
  await expect(observe(there, ["b"])).rejects.toMatchObject({ name: "CommandError" });
});

test.each([
  ["no tool", { kind: "notFound", path: "/bin" } as const, "toolMissing"],
  ["no answer", { kind: "timedOut", timeoutMs: 5, stdout: "", stderr: "" } as const, "timedOut"],
  ["too little", { stdout: "[]\n" }, "failed"],
])("%s is a failure", async (_name, result, failure) => {
  const runner = scriptedRunner([{ command: show("a"), result }]);
  await expect(observe(runner, ["a"])).rejects.toMatchObject({ failure });
});

test("nothing to do is no process; a failing line is named", async () => {
  await change(scriptedRunner([]), []);
  const stdin = "qdisc add dev a ingress\nqdisc delete dev b ingress\n";
  const runner = scriptedRunner([
    { command: { file: "tc", argv: ["-batch", "-"], stdin }, result: unknown(2) },
  ]);
  const changes = [
    { do: "addHook", device: "a", kind: "ingress" },
    { do: "deleteHook", device: "b", kind: "ingress" },
  ] as const;
  await expect(change(runner, changes)).rejects.toThrow(
    'Cannot find device "b" (line 2: qdisc delete dev b ingress)',
  );
});

test("reads filters as text where tc writes no valid JSON, as before 5.17", async () => {
  const text = { file: "tc", argv: ["filter", "show", "dev", "a", "ingress"] };
  const filter =
    "filter protocol all pref 1 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 flowid 1:1\n";
  const runner = scriptedRunner([
    { command: show("a", "b"), result: { stdout: `[]\n[{"kind":"u32" fh 800::800\n  match 0/0}]\n` } },
    { command: alone("a"), result: { stdout: "[]\n" } },
    { command: text, result: { stdout: filter } },
    { command: alone("b"), result: { exitCode: 1 } },
  ]);
  const other = { kind: "other", type: "u32", preference: 1, protocol: "all" };
  expect([...(await observe(runner, ["a", "b"]))]).toEqual([["a", { qdiscs: [], filters: [other] }]]);
  runner.finish();
});

test("garbage from every side is a failure", async () => {
  const garbage = { stdout: "garbage" };
  const runner = scriptedRunner([
    { command: show("a"), result: garbage },
    { command: alone("a"), result: garbage },
  ]);
  await expect(observe(runner, ["a"])).rejects.toThrow("unreadable output");
});

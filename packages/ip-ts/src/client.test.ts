import type { ScriptedCall, ScriptedResult } from "@cni-chain/exec/fake";
import { scriptedRunner } from "@cni-chain/exec/fake";
import { expect, test } from "vitest";
import { changeLinks, deleteLink, deleteLinks, observeLinks } from "./client.ts";
import { routeDevice } from "./route.ts";

const show = {
  file: "ip",
  argv: ["-j", "-d", "-force", "-batch", "-"],
  stdin: "link show dev lo\nlink show dev a\n",
};
const doc = (name: string) => `[{"ifindex":1,"ifname":"${name}","flags":[],"mtu":1500}]\n`;

test("a link that is not shown, beside lo which is, is absent", async () => {
  const runner = scriptedRunner([{ command: show, result: { exitCode: 1, stdout: doc("lo") } }]);
  expect((await observeLinks(runner, ["a"])).has("a")).toBe(false);
});

const showAll = { file: "ip", argv: ["-j", "link", "show"] };

test("where a container has renamed its lo, another look tells absence from failure", async () => {
  const nothing = { command: show, result: { exitCode: 1, stderr: "nsenter: cannot open x" } };
  const renamed = scriptedRunner([nothing, { command: showAll, result: { stdout: doc("mine") } }]);
  expect((await observeLinks(renamed, ["a"])).size).toBe(0);
  const failing = scriptedRunner([nothing, { ...nothing, command: showAll }]);
  await expect(observeLinks(failing, ["a"])).rejects.toMatchObject({ name: "CommandError" });
});

test.each<[string, ScriptedResult]>([
  ["exit code 2", { exitCode: 2, stdout: doc("lo") }],
  ["garbage", { stdout: "garbage" }],
  ["no tool", { kind: "notFound", path: "" }],
])("%s is a failure, not absence", async (_name, result) => {
  const runner = scriptedRunner([{ command: show, result }]);
  await expect(observeLinks(runner, ["a"])).rejects.toMatchObject({ name: "CommandError" });
});

test("deleting looks again before it says absent", async () => {
  const remove = { command: { file: "ip", argv: ["link", "delete", "dev", "a"] }, result: { exitCode: 1 } };
  const gone = scriptedRunner([remove, { command: show, result: { exitCode: 1, stdout: doc("lo") } }]);
  expect(await deleteLink(gone, "a")).toBe("absent");
  const there = scriptedRunner([remove, { command: show, result: { stdout: doc("lo") + doc("a") } }]);
  await expect(deleteLink(there, "a")).rejects.toMatchObject({ name: "CommandError" });
  expect(await deleteLink(scriptedRunner([{ ...remove, result: {} }]), "a")).toBe("deleted");
});

test("deleting many goes on past failures and names what is still there", async () => {
  const command = {
    file: "ip",
    argv: ["-force", "-batch", "-"],
    stdin: "link delete dev a\nlink delete dev b\n",
  };
  const look = { ...show, stdin: "link show dev lo\nlink show dev a\nlink show dev b\n" };
  const failed = { command, result: { exitCode: 1, stderr: "refused\nCommand failed -:2\n" } };
  const seen = (...names: string[]) => ({ command: look, result: { stdout: names.map(doc).join("") } });
  const run = (calls: ScriptedCall[]) => deleteLinks(scriptedRunner(calls), ["a", "b"]);
  await run([{ command, result: {} }]);
  await run([failed, seen("lo")]);
  await expect(run([failed, seen("lo", "b")])).rejects.toThrow("still there: b");
  await expect(run([{ command, result: { kind: "notFound", path: "" } }])).rejects.toMatchObject({
    failure: "toolMissing",
  });
  await deleteLinks(scriptedRunner([]), []);
});

test("a failing step is named", async () => {
  const stdin = "link set dev a up\naddr show dev a\n";
  const command = { file: "ip", argv: ["-j", "-d", "-batch", "-"], stdin };
  const result = { exitCode: 1, stderr: 'Cannot find device "a"\nCommand failed -:1\n' };
  const steps = [
    { do: "set", name: "a", up: true },
    { do: "show", name: "a" },
  ] as const;
  await expect(changeLinks(scriptedRunner([{ command, result }]), steps)).rejects.toThrow(
    'Cannot find device "a" (line 1: link set dev a up)',
  );
});

test("no route is undefined, a failure is not", async () => {
  const command = { file: "ip", argv: ["-j", "route", "get", "10.0.0.1"] };
  const ask = (result: ScriptedResult) => routeDevice(scriptedRunner([{ command, result }]), "10.0.0.1");
  expect(await ask({ stdout: '[{"dst":"10.0.0.1","dev":"br0"}]' })).toBe("br0");
  expect(await ask({ exitCode: 2 })).toBeUndefined();
  await expect(ask({ exitCode: 1 })).rejects.toMatchObject({ failure: "failed" });
  await expect(routeDevice(scriptedRunner([]), "-help")).rejects.toThrow(TypeError);
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { portmap } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { Operator } from "./operator.ts";

let operator: Operator;
beforeAll(async () => {
  operator = await Operator.start();
  await operator.network("net");
  await operator.network("other", []);
  await operator.network("failing", [portmap(), { type: "broken" }]);
});
afterAll(() => operator[Symbol.asyncDispose]());

const sandboxes = async (): Promise<readonly string[]> =>
  (await operator.node.run(["ip", "netns", "list"]))
    .split("\n")
    .map((line) => line.split(" ")[0] ?? "")
    .filter((name) => name !== "" && name !== "client");

test("a sandbox is made at add, is good for trying things, and is gone after del", async () => {
  await operator.run("add", "net", "--sandbox", "try", "-p", "8080:80");
  expect(await sandboxes()).toEqual(["try"]);
  const pod = operator.node.netns("/run/netns/try");
  expect(await pod.run(["ip", "-br", "link", "show", "lo"])).toContain("LOOPBACK,UP");
  const service = await serve(pod, "try", 80);
  expect(await ask(operator.uplink.host, operator.uplink.node4, 8080)).toMatchObject({ server: "try" });
  await service.stop();
  await operator.run("del", "net");
  expect(await sandboxes()).toEqual([]);
});

test("del finds the container by its sandbox among several", async () => {
  await operator.run("add", "net", "--sandbox", "one", "--id", "id1");
  await operator.run("add", "net", "--sandbox", "two", "--id", "id2");
  const unclear = await operator.try("del", "net");
  expect(unclear.exitCode).toBe(1);
  expect(unclear.stderr).toMatch(
    /has 2 attachments to net: say which\n.*--id id1 --ifname eth0.*\n.*--id id2/,
  );
  expect(await operator.run("del", "net", "--sandbox", "two")).toContain("detached id2");
  expect(await sandboxes()).toEqual(["one"]);
  expect(await operator.run("del", "net", "--sandbox", "one")).toContain("detached id1");
});

test("a namespace that is there already is not taken", async () => {
  await operator.node.addPod("mine");
  const taken = await operator.try("add", "net", "--sandbox", "mine");
  expect(taken.exitCode).toBe(1);
  expect(taken.stderr).toContain("--netns /run/netns/mine");
  await operator.run("add", "net", "--netns", "/run/netns/mine");
  await operator.run("del", "net", "--netns", "/run/netns/mine");
  expect(await sandboxes()).toEqual(["mine"]);
  await operator.node.run(["ip", "netns", "delete", "mine"]);
});

test("a sandbox of two networks stays until the second is taken back", async () => {
  await operator.run("add", "net", "--sandbox", "both", "--id", "both");
  await operator.run("add", "other", "--netns", "/run/netns/both", "--id", "both", "--ifname", "net1");
  const early = await operator.try("del", "net", "--sandbox", "both");
  expect(early.exitCode).toBe(0);
  expect(early.stderr).toContain("both is kept: other has it, too");
  expect(await sandboxes()).toEqual(["both"]);
  await operator.run("del", "other", "--sandbox", "both");
  expect(await sandboxes()).toEqual([]);
});

test("a sandbox with processes in it is kept", async () => {
  await operator.run("add", "net", "--sandbox", "busy");
  const holder = operator.node.netns("/run/netns/busy").start(["sh", "-c", "echo $$; exec cat"]);
  const pid = await holder.ready();
  const { exitCode, stderr } = await operator.try("del", "net");
  expect(exitCode).toBe(0);
  expect(stderr).toContain(`busy is kept: processes live in it (${pid})`);
  expect(await sandboxes()).toEqual(["busy"]);
  await holder.stop();
  await operator.node.run(["ip", "netns", "delete", "busy"]);
});

test("a namespace that was made anew under the name is somebody else's", async () => {
  await operator.run("add", "net", "--sandbox", "again");
  await operator.node.run(["ip", "netns", "delete", "again"]);
  await operator.node.addPod("again");
  await operator.run("del", "net", "--sandbox", "again");
  expect(await sandboxes()).toEqual(["again"]);
  await operator.node.run(["ip", "netns", "delete", "again"]);
});

test("a failed add leaves no sandbox", async () => {
  expect((await operator.try("add", "failing", "--sandbox", "never")).exitCode).toBe(1);
  expect(await sandboxes()).toEqual([]);
});

test.each(["../x", "a b", "-x", "."])("%j is no name", async (name) => {
  const { exitCode, stderr } = await operator.try("add", "net", `--sandbox=${name}`);
  expect(exitCode).toBe(2);
  expect(stderr).toContain("make a name");
});

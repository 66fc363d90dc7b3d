import { expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import type { Node } from "../lib/node.ts";
import type { Service } from "../lib/process.ts";
import { difference } from "../lib/snapshot.ts";
import { noteTried } from "../lib/tried-table.ts";
import { takeRules } from "./rules.ts";
import { failureOf, type Verb, Workbench } from "./workbench.ts";

const times = rounds(2, 200);

/** Holds the lock of iptables-legacy until it is stopped. */
async function holdLock(node: Node): Promise<Service> {
  const holder = node.start(["flock", "/run/xtables.lock", "sh", "-c", "echo locked; exec cat"]);
  await holder.ready();
  return holder;
}

/** Waits until so many tools wait for the lock, which not all do that run. Gives up after some 30 s, when the node ends the command. */
async function untilWaiting(node: Node, tools: number): Promise<void> {
  const count = "grep -c -e '-> FLOCK' /proc/locks";
  await node.run(["sh", "-c", `until [ $(${count}) -ge ${tools} ]; do :; done`]);
}

/** Until then it has not come to where it waits for others' tools; gives up when the node ends the command. */
const untilPluginOpensLock = `until
  for process in $(grep -lsazE '/portmap$' /proc/[0-9]*/cmdline | cut -d/ -f3); do readlink /proc/$process/fd/*; done |
    grep -q xtables.lock
do :; done 2>/dev/null`;

// A plugin that is killed leaves a tool behind that will still write its rules, once it has the lock. Who gets that first,
// such a tool or one of the DEL's, is chance.
test("a DEL behind an ADD that was killed while its tools waited for the lock removes what they write", {
  timeout: patience(120_000),
}, async ({ task }) => {
  await using bench = await Workbench.set({ iptables: "legacy", backend: "iptables", neighbour: true });
  const { node } = bench;
  const clean = await takeRules(node);
  const lost: string[] = [];
  for (let round = 0; round < times; round += 1) {
    const holder = await holdLock(node);
    const adding = bench.call("ADD");
    await untilWaiting(node, 2);
    await node.run([
      "sh",
      "-c",
      "grep -lsazE '/portmap$' /proc/[0-9]*/cmdline | cut -d/ -f3 | xargs kill -KILL",
    ]);
    expect((await adding).exitCode).toBe(137);
    const removing = bench.call("DEL");
    await node.run(["sh", "-c", untilPluginOpensLock]);
    await holder.stop();
    expect(failureOf(await removing)).toBeUndefined();
    lost.push(...difference(clean, await takeRules(node)));
  }
  noteTried(task, { what: "plugin gets SIGKILL while a tool waits for the lock", times, lost: lost.length });
  expect(lost).toEqual([]);
});

// Process 1 of the node reaps nobody, so that an orphan shows even when it has ended.
test("whoever gives up waiting for the lock leaves no tool behind", {
  timeout: patience(120_000),
}, async ({ task }) => {
  await using bench = await Workbench.set({ iptables: "legacy", backend: "iptables", neighbour: true });
  const { node } = bench;
  const tools = () => node.run(["sh", "-c", "cat /proc/[0-9]*/comm | grep tables; true"]);
  // The way back of an ADD has 5 s of its own.
  const verbs = rounds<readonly Verb[]>(["CHECK", "DEL", "STATUS"], ["ADD", "CHECK", "DEL", "GC", "STATUS"]);
  const left: string[] = [];
  await bench.succeed("ADD");
  for (const verb of verbs) {
    const holder = await holdLock(node);
    const failure = failureOf(await bench.call(verb, { timeoutSeconds: 1 }));
    const found = await tools();
    await holder.stop();
    expect(failure, verb).toMatchObject({ code: verb === "STATUS" ? 50 : 11 });
    if (found !== "") left.push(`${verb}: ${found}`);
  }
  noteTried(task, {
    what: "plugin gives up waiting for the lock",
    times: verbs.length,
    lost: left.length,
  });
  expect(left).toEqual([]);
});

import { expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import type { Node } from "../lib/node.ts";
import { difference } from "../lib/snapshot.ts";
import { noteTried } from "../lib/tried-table.ts";
import { takeRules } from "./rules.ts";
import { failureOf, Workbench } from "./workbench.ts";

const times = rounds(2, 200);

/** Waits until so many tools wait for the lock. Gives up after some 30 s, when the node ends the command. */
async function untilWaiting(node: Node, tools: number): Promise<void> {
  const count = "grep -lsazE '^--noflush$' /proc/[0-9]*/cmdline | wc -l";
  await node.run(["sh", "-c", `until [ $(${count}) -ge ${tools} ]; do :; done`]);
}

// A plugin that is killed leaves a tool behind that will still write its rules, once it has the lock.
test("a DEL behind an ADD that was killed while its tools waited for the lock removes what they write", {
  timeout: patience(60_000),
}, async ({ task }) => {
  await using bench = await Workbench.set({ iptables: "legacy", backend: "iptables", neighbour: true });
  const { node } = bench;
  const clean = await takeRules(node);
  const lost: string[] = [];
  for (let round = 0; round < times; round += 1) {
    const holder = node.start(["flock", "/run/xtables.lock", "sh", "-c", "echo locked; exec cat"]);
    await holder.ready();
    const adding = bench.call("ADD");
    await untilWaiting(node, 2);
    await node.run([
      "sh",
      "-c",
      "grep -lsazE '/portmap$' /proc/[0-9]*/cmdline | cut -d/ -f3 | xargs kill -KILL",
    ]);
    expect((await adding).exitCode).toBe(137);
    const removing = bench.call("DEL");
    await untilWaiting(node, 4);
    await holder.stop();
    expect(failureOf(await removing)).toBeUndefined();
    lost.push(...difference(clean, await takeRules(node)));
  }
  noteTried(task, { what: "plugin gets SIGKILL while a tool waits for the lock", times, lost: lost.length });
  expect(lost).toEqual([]);
});

import { expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import type { Node } from "../lib/node.ts";
import type { Service } from "../lib/process.ts";
import { difference } from "../lib/snapshot.ts";
import { searchPath } from "../lib/tools.ts";
import { noteTried } from "../lib/tried-table.ts";
import { takeRules } from "./rules.ts";
import { type Bench, failureOf, type Verb, Workbench } from "./workbench.ts";

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

/**
 * Waits until so many processes have come to a halt. One that is stopped while it waits for a lock may be given it on its way
 * there, and is not seen to wait while the kernel puts it behind another.
 */
async function untilStopped(node: Node, processes: number): Promise<void> {
  const stopped = "grep -l -e '^State:.T' /proc/[0-9]*/status | wc -l";
  await node.run(["sh", "-c", `until [ $(${stopped}) -ge ${processes} ]; do :; done`]);
}

/** Sends a signal to every process with a word in its command line, as a pattern of the whole word. Some may end meanwhile. */
async function signal(node: Node, name: string, word: string): Promise<void> {
  const found = `grep -lsazE '^${word}$' /proc/[0-9]*/cmdline | cut -d/ -f3`;
  await node.run(["sh", "-c", `${found} | xargs kill -${name} || true`]);
}

// A plugin that is killed leaves tools behind that will still write its rules, once they have the lock. They are stopped
// while the DEL, and whole calls for somebody else behind it, have all the time they want.
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
    await signal(node, "KILL", ".*/portmap");
    expect((await adding).exitCode).toBe(137);
    await signal(node, "STOP", "--noflush");
    await untilStopped(node, 2);
    await holder.stop();
    const removing = bench.call("DEL");
    for (const verb of ["ADD", "DEL"] as const) {
      expect(failureOf(await bench.call(verb, { container: "bystander" }))).toBeUndefined();
    }
    await signal(node, "CONT", "--noflush");
    expect(failureOf(await removing)).toBeUndefined();
    lost.push(...difference(clean, await takeRules(node)));
  }
  noteTried(task, { what: "plugin gets SIGKILL while a tool waits for the lock", times, lost: lost.length });
  expect(lost).toEqual([]);
});

/** Reads all it is given, and does its work once it is woken; whatever only looks goes on. */
const sleeper = `#!/bin/sh
PATH=${searchPath}
case "$*" in
  --noflush* | "-f -")
    payload=$(cat)
    case $payload in *DNAT* | *dnat*) kill -s STOP $$ ;; esac
    printf '%s\\n' "$payload" | exec "\${0##*/}" "$@"
    ;;
esac
exec "\${0##*/}" "$@"
`;

// Where iptables-legacy was never used, there is none of its lock's file: and then somebody uses it, between the two calls.
test.each<Bench>([
  { iptables: "nft", backend: "iptables", neighbour: true },
  { iptables: "nft", backend: "nftables", neighbour: true },
])(
  "a DEL behind an ADD that was killed while its tools were at work removes what they write, $backend by $iptables",
  async (options) => {
    await using bench = await Workbench.set(options);
    const { node } = bench;
    const clean = await takeRules(node);
    const folder = "/run/sleeping";
    const tools = options.backend === "nftables" ? ["nft"] : ["iptables-restore", "ip6tables-restore"];
    const install = [
      `! test -e /run/xtables.lock; mkdir ${folder}; cd ${folder}`,
      `tee ${tools.join(" ")}; chmod +x *`,
    ];
    await node.run(["sh", "-ec", install.join("\n")], { stdin: sleeper });
    const adding = bench.call("ADD", { path: `${folder}:${searchPath}` });
    await untilStopped(node, 2);
    await signal(node, "KILL", ".*/portmap");
    expect((await adding).exitCode).toBe(137);
    await node.run(["flock", "/run/xtables.lock", "true"]);
    const removing = bench.call("DEL");
    for (const verb of ["ADD", "DEL"] as const) await bench.succeed(verb, { container: "bystander" });
    await signal(node, "CONT", `${folder}/.*`);
    expect(failureOf(await removing)).toBeUndefined();
    expect(difference(clean, await takeRules(node))).toEqual([]);
  },
);

// As a wrapper script may that writes a log: what it leaves running has inherited all that it has.
test("a DEL does not wait for what a tool has left running", async () => {
  await using bench = await Workbench.set({ iptables: "legacy", backend: "iptables", neighbour: true });
  const { node } = bench;
  const clean = await takeRules(node);
  await node.run(
    [
      "sh",
      "-ec",
      "test -e /run/xtables.lock; mkdir /run/leaving; tee /run/leaving/iptables-restore; chmod +x /run/leaving/*",
    ],
    {
      stdin: `#!/bin/sh\nPATH=${searchPath}\ntail -f /dev/null &\nexec iptables-legacy-restore "$@"\n`,
    },
  );
  await bench.succeed("ADD", { path: `/run/leaving:${bench.tools.path}` });
  expect(await node.run(["sh", "-c", "grep -lszE '^tail$' /proc/[0-9]*/cmdline"])).not.toBe("");
  await bench.succeed("DEL", { timeoutSeconds: 10 });
  expect(difference(clean, await takeRules(node))).toEqual([]);
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

import { describe, expect, type TestContext, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import { difference, type Snapshot } from "../lib/snapshot.ts";
import { noteTried } from "../lib/tried-table.ts";
import { type Fault, faults } from "./faulty-tools.ts";
import { unsaid } from "./judge.ts";
import { takeRules } from "./rules.ts";
import { type Bench, failureOf, type Verb, Workbench } from "./workbench.ts";

const verbs: readonly Verb[] = ["ADD", "CHECK", "DEL", "GC", "STATUS"];

const benches: readonly Bench[] = [false, true].flatMap((neighbour): readonly Bench[] => [
  { iptables: "nft", backend: "iptables", neighbour },
  { iptables: "legacy", backend: "iptables", neighbour },
  { iptables: "nft", backend: "nftables", neighbour },
]);

/** Of all cases, every so-manieth is tried in a quick run, from a beginning that is another one on every bench. */
const stride = rounds(23, 1);

/** A long run waits until the default time is over, once; no command of a test may take longer than that. */
const waitsOut = rounds(false, true);

/** Makes a fault happen at the n-th call of a tool, and gives what was lost by it. Undefined if n is too high. */
async function tryFault(
  bench: Workbench,
  clean: Snapshot,
  verb: Verb,
  n: number,
  fault: Fault,
): Promise<readonly string[] | undefined> {
  if (verb !== "ADD" && verb !== "STATUS") await bench.succeed("ADD");
  const before = verb === "ADD" ? clean : await takeRules(bench.node);
  await bench.tools.arm(n, fault);
  const hangs = fault === "tool hangs" && !(waitsOut && verb === "ADD" && n === 1);
  const answer = await bench.call(verb, hangs ? { timeoutSeconds: 1 } : {});
  const { fired } = await bench.tools.told();
  const after = await takeRules(bench.node);
  await bench.tools.arm(0, "none");
  const failure = failureOf(answer);
  const lost: string[] = [];
  if (failure === undefined) {
    if (verb === "ADD") lost.push(...(await lostBy(bench, "CHECK")));
    else if (verb !== "STATUS") lost.push(...difference(clean, after));
    if (verb === "CHECK") lost.push("CHECK could not look, and said that all is well");
  } else if (fired === undefined) {
    lost.push(`failed without a fault: ${JSON.stringify(failure)}`);
  } else {
    lost.push(
      ...unsaid(failure, fault, fired, verb).map((what) => `not said: ${what} in ${JSON.stringify(failure)}`),
    );
    const isUndone = verb === "ADD" && !fault.includes("SIGKILL");
    if (isUndone || verb === "CHECK" || verb === "STATUS") lost.push(...difference(before, after));
  }
  lost.push(...(after.get("left running") ?? []).map((process) => `left running: ${process}`));
  // The runtime may go on with either; an ADD can be tried again at once.
  if (verb !== "ADD" || n % 2 === 0) {
    lost.push(...(await lostBy(bench, "DEL")), ...difference(clean, await takeRules(bench.node)));
  }
  if (verb === "ADD" || verb === "DEL")
    lost.push(...(await lostBy(bench, "ADD")), ...(await lostBy(bench, "CHECK")));
  lost.push(...(await lostBy(bench, "DEL")), ...difference(clean, await takeRules(bench.node)));
  return fired === undefined && failure === undefined && lost.length === 0 ? undefined : lost;
}

async function lostBy(bench: Workbench, verb: Verb): Promise<readonly string[]> {
  const failure = failureOf(await bench.call(verb));
  return failure === undefined ? [] : [`the next ${verb} fails: ${JSON.stringify(failure)}`];
}

/** The calls of tools that a verb comes to when nothing goes wrong. */
async function countCalls(bench: Workbench, verb: Verb): Promise<number> {
  if (verb !== "ADD" && verb !== "STATUS") await bench.succeed("ADD");
  await bench.tools.arm(0, "none");
  await bench.succeed(verb);
  const { calls } = await bench.tools.told();
  await bench.succeed("DEL");
  return calls;
}

async function tryAll(bench: Workbench, first: number, task: TestContext["task"]): Promise<void> {
  const clean = await takeRules(bench.node);
  const lost: string[] = [];
  let at = first;
  for (const verb of verbs) {
    const calls = await countCalls(bench, verb);
    expect(calls, verb).toBeGreaterThan(0);
    for (let n = 1; n <= calls; n += 1) {
      for (const fault of faults) {
        at += 1;
        if (at % stride !== 0) continue;
        const found = await tryFault(bench, clean, verb, n, fault);
        if (found === undefined) continue;
        noteTried(task, { what: `${fault}: portmap`, times: 1, lost: found.length > 0 ? 1 : 0 });
        lost.push(...found.map((what) => `${fault}, call ${n} of ${verb}: ${what}`));
      }
    }
  }
  expect(lost).toEqual([]);
}

describe.concurrent.each(benches)(
  "portmap, $backend by $iptables, with a neighbour: $neighbour",
  (options) => {
    test("whatever goes wrong with a tool is told, undone and can be cleared", {
      timeout: patience(120_000),
    }, async ({ task }) => {
      await using bench = await Workbench.set(options);
      await tryAll(bench, benches.indexOf(options), task);
    });
  },
);

import { describe, expect, type TestContext, test } from "vitest";
import type { PluginAnswer } from "../lib/binary.ts";
import { patience, rounds } from "../lib/long.ts";
import { difference, type Snapshot } from "../lib/snapshot.ts";
import { noteTried } from "../lib/tried-table.ts";
import {
  type Injection,
  injecting,
  injectionsAt,
  notedSteps,
  noting,
  type Step,
  stepsAroundTools,
} from "./injected.ts";
import { takeRules } from "./rules.ts";
import { type Bench, failureOf, type Verb, Workbench } from "./workbench.ts";

const verbs: readonly Verb[] = ["ADD", "CHECK", "DEL", "GC", "STATUS"];
const needsAdd = (verb: Verb) => verb !== "ADD" && verb !== "STATUS";

const benches: readonly Bench[] = [
  { iptables: "nft", backend: "iptables", neighbour: true },
  { iptables: "legacy", backend: "iptables", neighbour: false },
  { iptables: "nft", backend: "nftables", neighbour: true },
];

const stride = rounds(41, 1);

async function lostBy(bench: Workbench, verb: Verb): Promise<readonly string[]> {
  const failure = failureOf(await bench.call(verb));
  return failure === undefined ? [] : [`the next ${verb} fails: ${JSON.stringify(failure)}`];
}

/** The steps of a verb that goes well, on a node in use. */
async function stepsOf(bench: Workbench, verb: Verb): Promise<readonly Step[]> {
  await bench.succeed("ADD");
  if (!needsAdd(verb)) await bench.succeed("DEL");
  await bench.succeed(verb, { under: noting });
  const steps = await notedSteps(bench.node, stepsAroundTools);
  await bench.succeed("DEL");
  return steps;
}

/** What a failure has to say of what happened to the plugin: everything that it does not. */
function unsaid(injection: Injection, answer: PluginAnswer, verb: Verb): readonly string[] {
  const failure = failureOf(answer);
  if (failure === undefined) return [];
  const told = JSON.stringify(failure);
  if (injection === "refused by the kernel") {
    return failure.code >= 3 && failure.code <= 100 && failure.msg !== "" ? [] : [`not clear: ${told}`];
  }
  // By SIGTERM it ends at once as long as it has started nothing.
  if (answer.stdout === "") return answer.exitCode > 128 ? [] : [`said nothing, and ended with ${told}`];
  const isStop = failure.code === (verb === "STATUS" ? 50 : 11) && failure.msg.includes("SIGTERM came");
  return injection === "SIGTERM" && isStop ? [] : [`not told: ${told}`];
}

/** Makes it happen, and gives what was lost by it. Undefined if it did not come to this step. */
async function tryInjection(
  bench: Workbench,
  clean: Snapshot,
  verb: Verb,
  step: Step,
  injection: Injection,
): Promise<readonly string[] | undefined> {
  await bench.tools.arm(0, "none");
  if (needsAdd(verb)) await bench.succeed("ADD");
  const before = verb === "ADD" ? clean : await takeRules(bench.node);
  const answer = await bench.call(verb, { under: injecting(step, injection) });
  const after = await takeRules(bench.node);
  const failed = answer.exitCode !== 0;
  const lost = [...unsaid(injection, answer, verb)];
  const isKilled = failed && answer.stdout === "";
  if (!failed && verb === "ADD") lost.push(...(await lostBy(bench, "CHECK")));
  if (!failed && (verb === "DEL" || verb === "GC")) lost.push(...difference(clean, after));
  if (verb === "CHECK" || verb === "STATUS" || (failed && verb === "ADD" && !isKilled))
    lost.push(...difference(before, after));
  // The runtime may go on with either.
  if (verb !== "ADD" || step.n % 2 === 0) {
    lost.push(...(await lostBy(bench, "DEL")), ...difference(clean, await takeRules(bench.node)));
  }
  if (verb === "ADD" || verb === "DEL")
    lost.push(...(await lostBy(bench, "ADD")), ...(await lostBy(bench, "CHECK")));
  lost.push(...(await lostBy(bench, "DEL")), ...difference(clean, await takeRules(bench.node)));
  return injection === "SIGKILL" && !failed && lost.length === 0 ? undefined : lost;
}

async function tryAll(bench: Workbench, first: number, task: TestContext["task"]): Promise<void> {
  const clean = await takeRules(bench.node);
  const lost: string[] = [];
  let at = first;
  let tried = 0;
  for (const verb of verbs) {
    for (const step of await stepsOf(bench, verb)) {
      for (const injection of injectionsAt(step)) {
        at += 1;
        if (at % stride !== 0) continue;
        const found = await tryInjection(bench, clean, verb, step, injection);
        if (found === undefined) continue;
        tried += 1;
        noteTried(task, {
          what: `${injection} at ${step.call}: portmap`,
          times: 1,
          lost: found.length > 0 ? 1 : 0,
        });
        lost.push(
          ...found.map(
            (what) => `${injection} at ${step.call} ${step.n} ${step.path ?? ""} of ${verb}: ${what}`,
          ),
        );
      }
    }
  }
  expect(tried).toBeGreaterThan(rounds(1, 100));
  expect(lost).toEqual([]);
}

describe.concurrent.each(benches)("portmap, $backend by $iptables", (options) => {
  test("whatever happens to it between its tools is told, undone and can be cleared", {
    timeout: patience(120_000),
  }, async ({ task }) => {
    await using bench = await Workbench.set(options);
    await tryAll(bench, 13 * benches.indexOf(options), task);
  });
});

import { outcomeOf, stdinOf } from "./answer.ts";
import type { Call, Measured, Outcome, Stormed } from "./protocol.ts";

/**
 * Makes calls one after the other. The times are the kernel's own (wait4: a process and all it waited for, by the
 * scheduler's exact count) and a monotonic clock's around start and end; documents are made and read outside.
 */
export function measure(calls: readonly Call[]): Measured {
  let [wallMs, cpuMs] = [0, 0];
  let outcome: Outcome = {};
  for (const call of calls) {
    const options = { env: call.env, stdin: stdinOf(call, outcome.result) };
    const began = performance.now();
    const child = Bun.spawnSync([call.binary], options);
    wallMs += performance.now() - began;
    cpuMs += milliseconds(child.resourceUsage);
    outcome = outcomeOf(call, child.exitCode, child.stdout.toString(), child.stderr.toString());
    if (outcome.error !== undefined) break;
  }
  return { wallMs, cpuMs, ...outcome };
}

/** Works lists of calls off by a number of workers; the time is the whole storm's. */
export async function storm(lists: readonly (readonly Call[])[], workers: number): Promise<Stormed> {
  const waiting = lists.entries();
  const outcomes: Outcome[] = [];
  let cpuMs = 0;
  const work = async () => {
    for (const [at, calls] of waiting) {
      let outcome: Outcome = {};
      for (const call of calls) {
        const child = Bun.spawn([call.binary], {
          env: call.env,
          stdin: stdinOf(call, outcome.result),
          stdout: "pipe",
          stderr: "pipe",
        });
        const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
        cpuMs += milliseconds(child.resourceUsage());
        outcome = outcomeOf(call, child.exitCode, stdout, stderr);
        if (outcome.error !== undefined) break;
      }
      outcomes[at] = outcome;
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: workers }, work));
  return { wallMs: performance.now() - began, cpuMs, outcomes };
}

function milliseconds(usage: Bun.ResourceUsage | undefined): number {
  if (usage === undefined) throw new Error("the kernel told nothing about a process that has ended");
  return Number(usage.cpuTime.total) / 1000;
}

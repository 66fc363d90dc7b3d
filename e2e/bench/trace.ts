import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { toolPath } from "../lib/tools.ts";
import { outcomeOf, stdinOf } from "./answer.ts";
import { countCalls, tracedCalls } from "./count-calls.ts";
import type { Call, Outcome, Traced } from "./protocol.ts";

/** Makes calls under strace and counts what they and all their processes did. */
export function trace(calls: readonly Call[]): Traced {
  let [processes, transactions] = [0, 0];
  let outcome: Outcome = {};
  for (const call of calls) {
    const folder = mkdtempSync("/run/trace-");
    // A file a thread (-ff), so that no line is cut in two by another's.
    const options = ["-ff", "-qq", "-yy", "-s", "0", "-e", `trace=${tracedCalls}`, "-o", join(folder, "t")];
    const { exitCode, stdout, stderr } = Bun.spawnSync([toolPath("strace"), ...options, call.binary], {
      env: call.env,
      stdin: stdinOf(call, outcome.result),
    });
    const lines = readdirSync(folder).flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n"));
    rmSync(folder, { recursive: true });
    const counts = countCalls(lines);
    processes += counts.processes;
    transactions += counts.transactions;
    outcome = outcomeOf(call, exitCode, stdout.toString(), stderr.toString());
    if (outcome.error !== undefined) break;
  }
  return { processes, transactions, ...outcome };
}

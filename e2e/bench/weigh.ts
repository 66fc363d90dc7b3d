import { dlopen, FFIType, ptr } from "bun:ffi";
import { outcomeOf, stdinOf } from "./answer.ts";
import type { Call, Outcome, Weighed } from "./protocol.ts";

const { symbols } = dlopen("libc.so.6", {
  prctl: { args: [FFIType.i32, FFIType.u64], returns: FFIType.i32 },
  wait4: { args: [FFIType.i32, FFIType.ptr, FFIType.i32, FFIType.ptr], returns: FFIType.i32 },
});

/** <linux/prctl.h> */
const PR_SET_CHILD_SUBREAPER = 36;
/** struct rusage on 64-bit Linux, getrusage(2): two timevals, then ru_maxrss in KiB. */
const rusageBytes = 144;
const maxRssAt = 32;

/**
 * Peak memory of calls. A process inherits the peak of the one it was spawned from (exec keeps the old address
 * space's high-water mark), and that is this large driver. So a small shell forks the plugin and ends; the orphan
 * comes to the driver, a subreaper, whose wait4 then tells the peak of the plugin and of all it waited for.
 */
export function weigh(calls: readonly Call[]): Weighed {
  if (symbols.prctl(PR_SET_CHILD_SUBREAPER, 1) !== 0) throw new Error("prctl: cannot be a subreaper");
  let peakBytes = 0;
  let outcome: Outcome = {};
  for (const call of calls) {
    // A background process of a shell has no standard input of its own accord.
    const script = `exec 3<&0 4>&1; "$1" <&3 >&4 2>/dev/null 3<&- 4>&- & echo "$!" >&2`;
    const shell = Bun.spawnSync(["/bin/sh", "-c", script, "sh", call.binary], {
      env: call.env,
      stdin: stdinOf(call, outcome.result),
    });
    const { exitCode, peak } = reap(Number(shell.stderr.toString()));
    peakBytes = Math.max(peakBytes, peak);
    outcome = outcomeOf(call, exitCode, shell.stdout.toString(), "");
    if (outcome.error !== undefined) break;
  }
  return { peakBytes, ...outcome };
}

function reap(pid: number): { readonly exitCode: number; readonly peak: number } {
  const [status, usage] = [new Int32Array(1), new Uint8Array(rusageBytes)];
  if (symbols.wait4(pid, ptr(status), 0, ptr(usage)) !== pid) throw new Error(`wait4: no child ${pid}`);
  const peak = Number(new DataView(usage.buffer).getBigInt64(maxRssAt, true)) * 1024;
  const [code = 0] = status;
  return { exitCode: (code & 0x7f) === 0 ? (code >> 8) & 0xff : 128 + (code & 0x7f), peak };
}

import type { ResultDocument } from "../lib/cni.ts";
import type { Call, Outcome } from "./protocol.ts";

const encoder = new TextEncoder();

/** What a call gets on its standard input. */
export function stdinOf({ stdin, takesResult }: Call, result: ResultDocument | undefined): Uint8Array {
  return encoder.encode(JSON.stringify(takesResult === true ? { ...stdin, prevResult: result } : stdin));
}

/** Reads what a plugin left behind: an error document or a result on standard output, or nothing. */
export function outcomeOf(call: Call, exitCode: number | null, stdout: string, stderr: string): Outcome {
  if (exitCode !== 0) {
    return {
      error: `${call.binary} ${call.env["CNI_COMMAND"]}: exit code ${exitCode}: ${stdout}${stderr}`.trim(),
    };
  }
  return stdout.trim() === "" ? {} : { result: JSON.parse(stdout) };
}

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exec } from "../../lib/process.ts";
import { searchPath, toolPath } from "../../lib/tools.ts";
import type { Answer } from "./in-process.ts";

export interface Measured extends Omit<Answer, "tools"> {
  readonly seconds: number;
  /** Peak of memory in MiB, of the plugin or a tool it started, whichever is larger. */
  readonly peakMiB: number;
}

/**
 * One call of a compiled plugin in namespaces of its own, with bytes on standard input as they are. Its memory is
 * measured by `time`: a process that is started from here counts this one's memory as its own peak.
 */
export async function measured(
  binary: string,
  env: Readonly<Record<string, string>>,
  stdin: string | Uint8Array,
): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "measured-"));
  const peak = join(folder, "peak");
  const started = performance.now();
  const finished = await exec(
    [
      ...[toolPath("timeout"), "--signal=KILL", "100", toolPath("unshare"), "--net", "--mount"],
      ...["/usr/bin/time", "--quiet", "--format=%M", `--output=${peak}`, binary],
    ],
    { env: { PATH: searchPath, ...env }, stdin },
  );
  const seconds = (performance.now() - started) / 1000;
  const peakMiB = Number(readFileSync(peak, "utf8")) / 1024;
  rmSync(folder, { recursive: true });
  return { ...finished, seconds, peakMiB };
}

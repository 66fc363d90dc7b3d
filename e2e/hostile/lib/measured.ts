import { searchPath, toolPath } from "../../lib/tools.ts";
import type { Answer } from "./in-process.ts";

export interface Measured extends Omit<Answer, "tools"> {
  readonly seconds: number;
  /** Peak of memory in MiB, of the plugin or a tool it started, whichever is larger. */
  readonly peakMiB: number;
}

/** One call of a compiled plugin in namespaces of its own, with bytes on standard input as they are. */
export async function measured(
  binary: string,
  env: Readonly<Record<string, string>>,
  stdin: string | Uint8Array,
): Promise<Measured> {
  const started = performance.now();
  const child = Bun.spawn(
    [toolPath("timeout"), "--signal=KILL", "100", toolPath("unshare"), "--net", "--mount", binary],
    {
      env: { PATH: searchPath, ...env },
      stdin: typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin,
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  const seconds = (performance.now() - started) / 1000;
  return {
    exitCode,
    stdout,
    stderr,
    seconds,
    peakMiB: (child.resourceUsage()?.maxRSS ?? Number.NaN) / 2 ** 20,
  };
}

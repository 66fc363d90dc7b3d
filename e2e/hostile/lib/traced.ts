import { readFileSync } from "node:fs";
import { join } from "node:path";
import { exec, type Finished } from "../../lib/process.ts";
import { searchPath, toolPath } from "../../lib/tools.ts";

export interface Traced extends Finished {
  /** System calls that a plugin without work to do has no business with. */
  readonly suspicious: readonly string[];
}

export interface TracedCall {
  readonly binary: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  /** The directory it is started in, of which it must not look at anything. */
  readonly directory: string;
}

/** Runs a plugin in a network namespace of its own, under strace; the environment is the plugin's alone. */
export async function traced({ binary, env, stdin, directory }: TracedCall): Promise<Traced> {
  const log = join(directory, "..", "trace");
  const variables = Object.entries(env).flatMap(([name, value]) => ["-E", `${name}=${value}`]);
  const calls = "trace=%file,%network,%process,prctl,kill";
  const argv = [
    ...[toolPath("unshare"), "--net", toolPath("env"), "-C", directory],
    ...[toolPath("strace"), "-f", "-qq", "-s", "256", "-o", log, "-e", calls, ...variables, binary],
  ];
  const finished = await exec(argv, { stdin, env: { PATH: searchPath } });
  const lines = readFileSync(log, "latin1").split("\n").slice(1);
  return { ...finished, suspicious: lines.filter((line) => isSuspicious(line, directory)) };
}

function isSuspicious(line: string, directory: string): boolean {
  if (
    /^\d+ +(execve|execveat|fork|vfork|socket|connect|bind|listen|kill|mkdir|rename|unlink|link|symlink|chmod|truncate)\w*\(/.test(
      line,
    )
  )
    return true;
  if (/^\d+ +clone3?\(/.test(line) && !line.includes("CLONE_THREAD")) return true;
  if (/O_WRONLY|O_RDWR|O_CREAT/.test(line) && !line.includes('"/dev/')) return true;
  return line.includes("PR_SET_PDEATHSIG") || (line.includes(directory) && !line.includes("getcwd("));
}

import { plugin } from "../lib/plugins.ts";
import { type ExecOptions, exec, type Finished } from "../lib/process.ts";
import { searchPath, toolPath } from "../lib/tools.ts";

/** The compiled tool. */
export const tool = plugin("cni-chain");

/** Runs the tool on this machine itself, for commands that only read or write the files they are given. */
export function runTool(argv: readonly string[], options: ExecOptions = {}): Promise<Finished> {
  return exec([tool, ...argv], { env: { PATH: searchPath }, ...options });
}

/** Runs a command line of a shell on a terminal of its own, both outputs in one. */
export function onTerminal(line: string, env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  const terminal = { PATH: searchPath, TERM: "xterm-256color", SHELL: "/bin/sh", ...env };
  return exec([toolPath("script"), "--quiet", "--return", "--command", line, "/dev/null"], {
    env: terminal,
    stdin: "",
  });
}

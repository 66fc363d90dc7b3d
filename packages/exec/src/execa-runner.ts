import { execa } from "execa";
import type { CommandResult, Runner } from "./command.ts";
import { within } from "./deadline.ts";
import { notFound } from "./not-found.ts";

/** The runner for Node users of the wrappers, the operator's tool, scripts and tests. Default: 30 s a call. */
export function execaRunner(
  options: { readonly env?: NodeJS.ProcessEnv; readonly timeoutMs?: number } = {},
): Runner {
  const env = options.env ?? process.env;
  return {
    async run(command): Promise<CommandResult> {
      const timeoutMs = command.timeoutMs ?? options.timeoutMs ?? 30_000;
      const child = execa(command.file, command.argv, {
        env,
        extendEnv: false,
        reject: false,
        stripFinalNewline: false,
        ...(command.stdin === undefined ? { stdin: "ignore" } : { input: command.stdin }),
      });
      const result = await within(child, timeoutMs);
      if (result === "late") {
        child.kill("SIGKILL");
        return { kind: "timedOut", timeoutMs, stdout: "", stderr: "" };
      }
      const { stdout = "", stderr = "" } = result;
      if (result.exitCode !== undefined) return { kind: "exited", exitCode: result.exitCode, stdout, stderr };
      if (result.signal !== undefined) return { kind: "signalled", signal: result.signal, stdout, stderr };
      if (result.code === "ENOENT") return notFound(command.file, env["PATH"] ?? "");
      return { kind: "notStarted", reason: result.originalMessage ?? "unknown" };
    },
  };
}

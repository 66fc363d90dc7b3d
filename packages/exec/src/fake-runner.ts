import { type Command, type CommandResult, commandLine, type Runner } from "./command.ts";

/** One expected call and its answer. */
export interface ScriptedCall {
  readonly command: Command;
  readonly result: ScriptedResult;
}

/** An outcome, or the parts of an exit that matter (default: code 0, no output). */
export type ScriptedResult =
  | Exclude<CommandResult, { kind: "exited" }>
  | {
      readonly kind?: "exited";
      readonly exitCode?: number;
      readonly stdout?: string;
      readonly stderr?: string;
    };

/**
 * A strict runner for tests: answers exactly the scripted calls, in their order, and rejects any other.
 * `finish` throws if a scripted call never came.
 */
export function scriptedRunner(calls: readonly ScriptedCall[]): Runner & { finish(): void } {
  let next = 0;
  return {
    async run(command) {
      const expected = calls[next];
      if (expected === undefined) throw new Error(`unexpected call: ${commandLine(command)}`);
      const [want, got] = [JSON.stringify(expected.command), JSON.stringify(command)];
      if (want !== got) throw new Error(`call ${next + 1} differs\nexpected: ${want}\n     got: ${got}`);
      next += 1;
      return complete(expected.result);
    },
    finish() {
      const missing = calls[next];
      if (missing !== undefined)
        throw new Error(`call ${next + 1} never came: ${commandLine(missing.command)}`);
    },
  };
}

function complete(result: ScriptedResult): CommandResult {
  switch (result.kind) {
    case "signalled":
    case "timedOut":
    case "stopped":
    case "notFound":
    case "notStarted":
      return result;
    default:
      return { exitCode: 0, stdout: "", stderr: "", ...result, kind: "exited" };
  }
}

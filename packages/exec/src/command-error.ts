import { type Command, type CommandResult, commandLine, type Runner } from "./command.ts";

/** A command that did not do what was asked: which one, how it ended, and what it said. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly command: Command;
  readonly result: CommandResult;

  /** What a caller can do about it: install the tool, try again, or look at the details. */
  get failure(): "toolMissing" | "timedOut" | "tryAgain" | "failed" {
    if (this.result.kind === "notFound") return "toolMissing";
    if (this.result.kind === "timedOut") return "timedOut";
    if (this.result.kind === "stopped") return "tryAgain";
    return "failed";
  }

  constructor(command: Command, result: CommandResult) {
    super(`${command.file}: ${outcome(result)}`);
    this.command = command;
    this.result = result;
  }

  /** Everything a person needs to repeat the call: command line, standard input, standard error. */
  get details(): string {
    const parts = [`command: ${commandLine(this.command)}`];
    if (this.result.kind === "notFound") {
      const { path, elsewhere } = this.result;
      parts.push(`PATH searched: ${path}`);
      if (elsewhere !== undefined) {
        parts.push(`there is a ${this.command.file} in ${elsewhere}: add that to the PATH of the runtime`);
      }
    }
    if ("stderr" in this.result && this.result.stderr.trim() !== "") {
      parts.push(`stderr: ${this.result.stderr.trim()}`);
    }
    if (this.command.stdin !== undefined) parts.push(`stdin:\n${this.command.stdin.trimEnd()}`);
    return parts.join("\n");
  }
}

function outcome(result: CommandResult): string {
  switch (result.kind) {
    case "exited": {
      const said = result.stderr.trim().split("\n").findLast(isReason) ?? "";
      return `exit code ${result.exitCode}${said === "" ? "" : `: ${said}`}`;
    }
    case "signalled":
      return `ended by ${result.signal}`;
    case "timedOut":
      return `no answer within ${result.timeoutMs} ms, killed`;
    case "stopped":
      return `stopped, because ${result.signal} came`;
    case "notFound": {
      const seen = result.elsewhere === undefined ? "" : `, but there is one in ${result.elsewhere}`;
      return `no such executable on PATH (${result.path})${seen}`;
    }
    case "notStarted":
      return `could not be started: ${result.reason}`;
  }
}

/** What tools add behind the reason: where to read on, and a place that is among the details. */
function isReason(line: string): boolean {
  return !/^(Try [`'"].* for more information\.|Error occurred at line: \d+)$/.test(line);
}

/** Runs a command whose only good end is exit code 0, and gives its standard output. Throws CommandError. */
export async function runToSuccess(runner: Runner, command: Command): Promise<string> {
  const result = await runner.run(command);
  if (result.kind === "exited" && result.exitCode === 0) return result.stdout;
  throw new CommandError(command, result);
}

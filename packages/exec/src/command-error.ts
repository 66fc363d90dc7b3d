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

  /** @param reasonAt the line of standard error that tells the reason: most tools' last, the first of some */
  constructor(command: Command, result: CommandResult, reasonAt: "first" | "last" = "last") {
    super(`${command.file}: ${outcome(result, reasonAt)}`);
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
      parts.push(`stderr: ${excerpt(this.result.stderr.trim(), mostDetails)}`);
    }
    if (saysAllIsWell(this.result) && this.result.stdout.trim() !== "") {
      parts.push(`stdout: ${excerpt(this.result.stdout.trim(), mostDetails)}`);
    }
    if (this.command.stdin !== undefined) parts.push(`stdin:\n${this.command.stdin.trimEnd()}`);
    return parts.join("\n");
  }
}

type Exited = Extract<CommandResult, { kind: "exited" }>;

function outcome(result: CommandResult, reasonAt: "first" | "last"): string {
  switch (result.kind) {
    case "exited":
      return `exit code ${result.exitCode}${reasonOf(result, reasonAt)}`;
    case "signalled":
      return `ended by ${result.signal}${result.signal === "SIGXFSZ" ? ", because it wrote too much" : ""}`;
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

/** It says that it has done its work, and what it has printed says otherwise. */
function saysAllIsWell(result: CommandResult): result is Exited & { exitCode: 0 } {
  return result.kind === "exited" && result.exitCode === 0;
}

/** Characters of a message, and of what a tool printed in details: a runtime keeps both in its log, and in the pod's events. */
const mostWords = 500;
const mostDetails = 16_000;

/** A text that is too long with its middle left out. */
function excerpt(text: string, most: number): string {
  if (text.length <= most) return text;
  const left = text.length - most;
  return `${text.slice(0, most / 2)} … ${left} characters left out … ${text.slice(-most / 2)}`;
}

function reasonOf(result: Exited, at: "first" | "last"): string {
  const text = result.stderr.trim();
  const said =
    at === "first"
      ? (text.split("\n", 1)[0] ?? "")
      : (text.slice(-mostDetails).split("\n").findLast(isReason) ?? "");
  if (said !== "") return `: ${excerpt(said, mostWords)}`;
  return saysAllIsWell(result) ? ", but no answer that can be used" : "";
}

/** Not so for what tools add behind the reason: where to read on, and a place that is among the details. */
function isReason(line: string): boolean {
  return !/^(Try [`'"].* for more information\.|Error occurred at line: \d+)$/.test(line);
}

/** Runs a command whose only good end is exit code 0, and gives its standard output. Throws CommandError. */
export async function runToSuccess(runner: Runner, command: Command): Promise<string> {
  const result = await runner.run(command);
  if (result.kind === "exited" && result.exitCode === 0) return result.stdout;
  throw new CommandError(command, result);
}

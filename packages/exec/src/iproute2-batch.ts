import type { Command, CommandResult, Runner } from "./command.ts";
import { CommandError } from "./command-error.ts";

/** Runs a batch of `ip` or `tc` to its end and gives its standard output. Throws a CommandError that names the line at fault. */
export async function runBatch(runner: Runner, command: Command): Promise<string> {
  const result = await runner.run(command);
  if (result.kind === "exited" && result.exitCode === 0) return result.stdout;
  throw new CommandError(command, withLine(command, result));
}

/** They tell the reason first and then the number of the line, `Command failed -:3`: joined here into one last line. */
function withLine(command: Command, result: CommandResult): CommandResult {
  if (result.kind !== "exited") return result;
  const said = result.stderr.trim().split("\n");
  const [, number] = /^Command failed -:(\d+)$/.exec(said.at(-1) ?? "") ?? [];
  const line = command.stdin?.split("\n")[Number(number) - 1];
  if (line === undefined) return result;
  const reasons = said.slice(0, -1).join("; ");
  return { ...result, stderr: `${reasons === "" ? "refused" : reasons} (line ${number}: ${line})` };
}

/** A word that cannot be told to `ip` or `tc`. Of the shape of CommandError, since to a caller it is that: not done, and why. */
class BatchWordError extends TypeError {
  override readonly name = "BatchWordError";
  readonly failure = "failed";
  readonly details = "";
}

/**
 * A word for a line of a batch. Its reader knows quotes, `#` and `\` but no way to escape them, so a text
 * that holds one is refused (BatchWordError, a TypeError) rather than read as something else.
 */
export function batchWord(word: string): string {
  if (word === "" || /["'#\\]|\p{Cc}/u.test(word)) {
    throw new BatchWordError(`cannot stand in a batch of ip or tc: ${JSON.stringify(word)}`);
  }
  return word.includes(" ") ? `"${word}"` : word;
}

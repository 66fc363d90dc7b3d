import { shown } from "@cni-chain/core";
import yargs from "yargs";
import { commandsFor } from "./commands/index.ts";
import { Failure, UsageError, Verdict } from "./failure.ts";
import { styleFor } from "./output/style.ts";
import { printable } from "./output/table.ts";
import type { Terminal } from "./output/terminal.ts";
import { toolName } from "./tool-name.ts";

/**
 * Runs one command line and returns its exit code: 0, 1 for a failure, 2 for a wrong command line; `doctor` has
 * codes of its own.
 */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<number> {
  const commands = await commandsFor(args, terminal);
  const parser = yargs([...args])
    .scriptName(toolName)
    // Else a file is read whose name the environment has a say in.
    .detectLocale(false)
    .usage("Usage: $0 COMMAND [options]\n\nSees, tries and mends host ports and pod shaping on this node.")
    .option("json", { type: "boolean", default: false, describe: "print one JSON document", global: true })
    // Answered before a command line is read, by main.
    .option("about", { type: "boolean", describe: "name what is inside this executable", global: false })
    .command([...commands])
    .demandCommand(1, "which command?")
    .strict()
    .recommendCommands()
    .wrap(terminal.isTerminal ? Math.min(terminal.width, 110) : 100)
    .version(false)
    .epilogue(exitCodes(args))
    .help()
    .alias("help", "h")
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageError(message);
    });
  let help = "";
  try {
    await parser.parseAsync([...args], {}, (_error, _argv, output) => {
      help = output;
    });
    if (help !== "") terminal.write(`${help}\n`);
    return 0;
  } catch (error) {
    return exitCodeOf(error, terminal);
  }
}

/** Below the list of all commands; `doctor` tells its own. */
function exitCodes([first = "-"]: readonly string[]): string {
  return first.startsWith("-")
    ? "Exit code 0: done, and the answer is yes; 1: it failed, or the answer is no; 2: a command line that makes no sense."
    : "";
}

/** Says what went wrong on standard error; what is no fault of the user's is told whole. */
function exitCodeOf(error: unknown, terminal: Terminal): number {
  if (error instanceof Verdict) return error.exitCode;
  const style = styleFor({ colour: terminal.colour && terminal.errIsTerminal });
  const say = (text: string) =>
    terminal.tell(`${style.red(toolName)}: ${text.split("\n").map(printable).join("\n")}\n`);
  if (error instanceof UsageError) {
    say(`${error.message}\nSee ${toolName} --help, or ${toolName} COMMAND --help.`);
    return 2;
  }
  if (error instanceof Failure) {
    say([error.message, ...error.details.map((line) => `  ${line}`)].join("\n"));
    return 1;
  }
  say(error instanceof Error ? (error.stack ?? error.message) : shown(error));
  return 1;
}

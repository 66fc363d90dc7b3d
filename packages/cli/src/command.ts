import type { ArgumentsCamelCase, Argv, CommandModule } from "yargs";
import type { Terminal } from "./output/terminal.ts";

/** Options that every command has. */
export interface Common {
  /** Print one JSON document instead of text. */
  readonly json: boolean;
}

/** A command of the tool, made for the terminal it speaks to. */
export type Command = (terminal: Terminal) => CommandModule<Common, Common>;

interface Definition<Options extends Common> {
  readonly command: string;
  readonly describe: string;
  /** Each a command line without the tool's name, and what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  readonly options: (yargs: Argv<Common>) => Argv<Options>;
  /** Throws UsageError, Failure or Verdict; returns where all went well. */
  readonly run: (options: ArgumentsCamelCase<Options>, terminal: Terminal) => Promise<void>;
}

/** Makes a command of its parts; its options keep their types between `options` and `run`. */
export function command<Options extends Common>(definition: Definition<Options>): Command {
  const { command: line, describe, examples, options, run } = definition;
  return (terminal) => ({
    command: line,
    describe,
    builder: (yargs) =>
      options(
        examples.reduce((with_, [example, does]) => with_.example(`$0 ${example}`, does), yargs),
      ) as unknown as Argv<Common>,
    handler: (given) => run(given as ArgumentsCamelCase<Options>, terminal),
  });
}

import type { ArgumentsCamelCase, Argv, CommandModule } from "yargs";
import type { Terminal } from "./output/terminal.ts";

/** Options that every command has. */
export interface Common {
  /** Print one JSON document instead of text. */
  readonly json: boolean;
}

/** What a command does, made for the terminal it speaks to: all of it but its name. */
export type Body = (
  terminal: Terminal,
) => Required<Pick<CommandModule<Common, Common>, "builder" | "handler">>;

interface Definition<Options extends Common> {
  /** Each a command line without the tool's name, and what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  readonly options: (yargs: Argv<Common>) => Argv<Options>;
  /** Throws UsageError, Failure or Verdict; returns where all went well. */
  readonly run: (options: ArgumentsCamelCase<Options>, terminal: Terminal) => Promise<void>;
}

/** Makes a command of its parts; its options keep their types between `options` and `run`. */
export function command<Options extends Common>(definition: Definition<Options>): Body {
  const { examples, options, run } = definition;
  return (terminal) => ({
    builder: (yargs) =>
      options(
        examples.reduce((with_, [example, does]) => with_.example(`$0 ${example}`, does), yargs),
      ) as unknown as Argv<Common>,
    handler: (given) => run(given as ArgumentsCamelCase<Options>, terminal),
  });
}

import { describe, expect, test } from "vitest";
import yargs from "yargs";
import type { Terminal } from "../output/terminal.ts";
import { commandNames, commandsFor } from "./index.ts";

const terminal: Terminal = {
  write() {},
  tell() {},
  isTerminal: false,
  errIsTerminal: false,
  width: 100,
  height: 24,
  colour: false,
};

/** A parser that knows all commands and does nothing. */
async function parser(line: readonly string[]) {
  const commands = await commandsFor(line, terminal);
  return yargs([...line])
    .scriptName("cni-chain")
    .option("json", { type: "boolean", default: false, global: true })
    .command(commands.map((command) => ({ ...command, handler() {} })))
    .demandCommand(1)
    .strict()
    .wrap(null)
    .version(false)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new Error(message);
    });
}

/** The example lines in a command's help, without redirections. */
async function examplesOf(name: string): Promise<string[][]> {
  let help = "";
  const ready = await parser([name, "--help"]);
  await ready.parseAsync([name, "--help"], {}, (_error, _argv, output) => {
    help = output;
  });
  const [, listed = ""] = help.split("Examples:\n");
  return listed
    .split("\n")
    .filter((line) => line.startsWith("  cni-chain "))
    .map((line) => line.trim().split(/\s{2,}| [>|] /)[0] ?? "")
    .map((line) =>
      [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, ...word]) => word.join("")).slice(1),
    );
}

describe("every example in the help of", () => {
  test.each(commandNames)("%s is a command line that parses", async (name) => {
    const examples = await examplesOf(name);
    expect(examples.length).toBeGreaterThan(0);
    for (const line of examples) {
      expect(line[0]).toBe(name);
      const ready = await parser(line);
      await expect(ready.parseAsync(), line.join(" ")).resolves.toMatchObject({ _: [name] });
    }
  });
});

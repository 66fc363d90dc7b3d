import yargs from "yargs";

export interface Options {
  readonly quick: boolean;
  /** Pairs of calls of an ordinary case; of those that take long, fewer. */
  readonly pairs: number;
  readonly only: RegExp;
  /** Where to write to, `-` for standard output; undefined: not at all. */
  readonly json: string | undefined;
  readonly markdown: string | undefined;
  readonly svg: string | undefined;
  readonly readme: boolean;
}

/** Reads the command line. Prints the usage and ends the process for --help. Throws an Error for the user if it is wrong. */
export function parseOptions(args: readonly string[]): Options {
  const parser = yargs([...args])
    .scriptName("scripts/bench")
    .usage(
      "Usage: $0 [options]\n\nCompares the plugins of dist/bin with the reference's ($CNI_REFERENCE_DIR, else /usr/lib/cni), call by call.",
    )
    .option("quick", {
      type: "boolean",
      default: false,
      describe: "the headline alone, within a minute and a half",
    })
    .option("pairs", {
      type: "number",
      requiresArg: true,
      describe: "pairs of calls a case (default 15, with --quick 5)",
    })
    .option("only", {
      type: "string",
      default: "",
      describe: "cases with an operation that fits a regular expression, as 'legacy|storm' or 'VERSION'",
    })
    .option("json", {
      type: "string",
      requiresArg: true,
      describe:
        "write all results to a file; - is standard output, and the table then goes to standard error",
    })
    .option("markdown", { type: "string", requiresArg: true, describe: "the same as a Markdown table" })
    .option("svg", { type: "string", requiresArg: true, describe: "the headline as a chart" })
    .option("readme", {
      type: "boolean",
      default: false,
      describe: "put headline and chart into README.md and e2e/bench/chart.svg",
    })
    .check(({ pairs = 1, only }) => {
      if (!Number.isInteger(pairs) || pairs < 1)
        throw new Error(`--pairs: ${pairs} is not a number from 1 on`);
      return new RegExp(only) instanceof RegExp;
    })
    .strict()
    .version(false)
    .exitProcess(false)
    .fail(false);
  try {
    const { help, quick, pairs = quick ? 5 : 15, only, json, markdown, svg, readme } = parser.parseSync();
    if (help === true) process.exit(0);
    return { quick, pairs, only: new RegExp(only), json, markdown, svg, readme };
  } catch (error) {
    let usage = "";
    parser.showHelp((text) => {
      usage = text;
    });
    throw new Error(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  }
}

import { parseArgs } from "node:util";

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

export const usage = `Usage: scripts/bench [options]
Compares the plugins of dist/bin with the reference's ($CNI_REFERENCE_DIR, else /usr/lib/cni), call by call.

  --quick            the headline alone, within a minute and a half
  --pairs N          pairs of calls a case (default 15, with --quick 5)
  --only PATTERN     cases with an operation that fits a regular expression, as 'legacy|storm' or 'VERSION'
  --json FILE        write all results; FILE may be - for standard output, then the table goes to standard error
  --markdown FILE    the same as a Markdown table
  --svg FILE         the headline as a chart
  --readme           put headline and chart into README.md and e2e/bench/chart.svg
  --help             say this`;

/** Reads the command line; "help" is a wish for the usage. Throws an Error with a message for the user if it is wrong. */
export function parseOptions(args: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      pairs: { type: "string" },
      only: { type: "string", default: "" },
      json: { type: "string" },
      markdown: { type: "string" },
      svg: { type: "string" },
      readme: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const pairs = Number(values.pairs ?? (values.quick ? 5 : 15));
  if (!Number.isInteger(pairs) || pairs < 1)
    throw new Error(`--pairs: ${values.pairs} is not a number from 1 on`);
  const { quick, json, markdown, svg, readme } = values;
  return { quick, pairs, only: new RegExp(values.only), json, markdown, svg, readme };
}

// Compares our plugins with the reference's. Exit code 1 if a plugin did not do its work, 2 for a wrong command line;
// how fast they are does not change it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { plugin } from "../lib/plugins.ts";
import { whyNoReference } from "../lib/reference.ts";
import { lookAround } from "./about.ts";
import { choose } from "./cases.ts";
import { renderChart } from "./chart.ts";
import { measureCases } from "./measure-case.ts";
import { type Options, parseOptions } from "./options.ts";
import { withBench } from "./readme.ts";
import { renderHeadline, renderMarkdown } from "./render-markdown.ts";
import { type Report, renderFooter, renderHeader, renderRow, renderTitles } from "./render-text.ts";
import { Screen } from "./screen.ts";

const root = join(import.meta.dirname, "..", "..");

function read(): Options {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(2);
  }
}

async function bench(options: Options): Promise<void> {
  const missing = whyNoReference();
  if (missing !== undefined) throw new Error(missing);
  plugin("portmap");
  const cases = choose(options.quick, options.only);
  if (cases.length === 0) throw new Error(`no case fits --only ${options.only.source}`);
  const about = await lookAround();
  const screen = new Screen([options.json, options.markdown].includes("-") ? process.stderr : process.stdout);
  screen.line(`${renderHeader(about)}\n\n${renderTitles()}`);
  const rows = await measureCases({
    ...options,
    cases,
    progress: (text) => screen.transient(text),
    onRow: (row) => screen.line(renderRow(row)),
  });
  const report = { about, rows };
  screen.line(`\n${renderFooter(report)}`);
  write(options, report);
}

function write({ json, markdown, svg, readme }: Options, report: Report): void {
  put(json, () => `${JSON.stringify(report, undefined, 2)}\n`);
  put(markdown, () => `${renderMarkdown(report)}\n`);
  put(svg, () => renderChart(report));
  if (!readme) return;
  const file = join(root, "README.md");
  const text = `![Wall times of both, call by call](e2e/bench/chart.svg)\n\n${renderHeadline(report)}`;
  writeFileSync(join(import.meta.dirname, "chart.svg"), renderChart(report));
  writeFileSync(file, withBench(readFileSync(file, "utf8"), text));
}

function put(file: string | undefined, text: () => string): void {
  if (file === "-") process.stdout.write(text());
  else if (file !== undefined) writeFileSync(file, text());
}

try {
  await bench(read());
} catch (error) {
  console.error(`\nbench: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
process.exit(0);

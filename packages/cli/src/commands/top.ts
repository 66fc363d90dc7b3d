import { command } from "../command.ts";
import { UsageError } from "../failure.ts";
import { intervalMs } from "../interval.ts";
import { defaultCacheDir } from "../libcni/cache.ts";
import { optionValue } from "../option-value.ts";
import { jsonText } from "../output/json-text.ts";
import { live } from "../output/live.ts";
import { type Style, styleFor } from "../output/style.ts";
import type { Terminal } from "../output/terminal.ts";
import { topDocument } from "../top/document.ts";
import { type History, remembered } from "../top/history.ts";
import { type Order, orders, sorted } from "../top/order.ts";
import { ratesBetween, type TopRow } from "../top/rates.ts";
import { takeSample } from "../top/sample.ts";
import { topText } from "../top/text.ts";

export const top = command({
  examples: [
    ["top", "until q is pressed; i, o, d and n sort"],
    ["top --once --sort drops", "one look, those that lose packets first"],
    ["top --count 60 --json", "a document a second for a minute"],
  ],
  options: (yargs) =>
    yargs
      .option("sort", { choices: orders, default: "in" as Order, describe: "what comes first" })
      .option("interval", { type: "number", default: 1, describe: "seconds a rate is taken over" })
      .option("once", { type: "boolean", describe: "one look, the same as --count 1" })
      .option("count", { type: "number", describe: "so many looks, and no more" })
      .conflicts("once", "count")
      .option("cache-dir", { type: "string", default: defaultCacheDir, describe: "where libcni's cache is" }),
  async run({ json, sort, interval, once, count, cacheDir }, terminal) {
    if (count !== undefined && !(Number.isInteger(count) && count > 0)) {
      throw new UsageError(`${optionValue("--count", count)}: expected a whole number above 0`);
    }
    const looks = once === true ? 1 : (count ?? Number.POSITIVE_INFINITY);
    await watchTraffic({ waitMs: intervalMs(interval), looks, order: sort, json, cacheDir }, terminal);
  },
});

interface Options {
  readonly waitMs: number;
  readonly looks: number;
  readonly order: Order;
  readonly json: boolean;
  readonly cacheDir: string;
}

/** On a terminal drawn anew at each look, unless there is one alone; else a table, or a document a line, at each. */
async function watchTraffic(options: Options, terminal: Terminal): Promise<void> {
  const { waitMs, looks, json, cacheDir } = options;
  const isDrawn = terminal.isTerminal && !json && looks > 1;
  const style = styleFor(terminal);
  let order = options.order;
  let rows: readonly TopRow[] = [];
  let history: ReadonlyMap<string, History> = new Map();
  let before = await takeSample(cacheDir);
  using screen = live(terminal, isDrawn);
  const draw = () => {
    const table = topText(sorted(rows, order), style, terminal.width, history);
    screen.draw([...headLines(rows.length, waitMs, order, style), ...table]);
  };
  if (isDrawn) screen.draw(["Counting …"]);
  for (let look = 1; look <= looks; look += 1) {
    for (const ends = performance.now() + waitMs; ; ) {
      const event = await screen.next(Math.max(0, ends - performance.now()));
      if (event === "quit") return;
      if (event === undefined) break;
      order = orders.find((one) => one.startsWith(event)) ?? order;
      if (rows.length > 0) draw();
    }
    const after = await takeSample(cacheDir);
    rows = ratesBetween(before, after);
    history = remembered(history, rows);
    if (json) {
      const document = topDocument(sorted(rows, order), (after.atMs - before.atMs) / 1000);
      terminal.write(jsonText(document));
    } else if (isDrawn) draw();
    else {
      if (look > 1) terminal.write("\n");
      terminal.write(`${topText(sorted(rows, order), style, terminal.width).join("\n")}\n`);
    }
    before = after;
  }
}

/** What is shown, and the keys; the one in force stands out. */
function headLines(pods: number, waitMs: number, order: Order, style: Style): string[] {
  const what = `${pods} limited ${pods === 1 ? "pod" : "pods"}, every ${waitMs / 1000} s`;
  const keys = orders
    .map((one) => (one === order ? style.bold(`[${one}]`) : style.dim(` ${one} `)))
    .join(" ");
  return [`${style.bold("cni-chain top")}  ${what}   sort: ${keys} ${style.dim("(i o d n; q quits)")}`, ""];
}

import { podOrContainer } from "../list/words.ts";
import { countText, rateText } from "../output/quantities.ts";
import type { Style } from "../output/style.ts";
import { type Column, table } from "../output/table.ts";
import { type History, historyLength, share, sparkline } from "./history.ts";
import type { Flow, TopRow } from "./rates.ts";

type Direction = "in" | "out";

function columns(history: ReadonlyMap<string, History> | undefined): readonly Column<TopRow>[] {
  return [
    { head: "POD", cell: nameOf, shrinks: true },
    ...directionColumns("IN", "in", history),
    ...directionColumns("OUT", "out", history),
    { head: "DROPS/s", cell: sum(({ dropsPerSecond }) => dropsPerSecond), align: "right" },
    { head: "WAITS/s", cell: sum(({ overlimitsPerSecond }) => overlimitsPerSecond), align: "right" },
  ];
}

function directionColumns(
  head: string,
  direction: Direction,
  history: ReadonlyMap<string, History> | undefined,
): readonly Column<TopRow>[] {
  const past: Column<TopRow> = {
    head: "",
    cell: (row) =>
      row[direction] === undefined ? "" : sparkline(history?.get(row.key)?.[direction] ?? [], historyLength),
  };
  const cell = (text: (flow: Flow) => string) => (row: TopRow) => {
    const flow = row[direction];
    return flow === undefined ? "–" : text(flow);
  };
  return [
    { head, cell: cell(({ bitsPerSecond }) => rateText(bitsPerSecond)), align: "right" },
    { head: "OF", cell: cell(({ limitBitsPerSecond }) => rateText(limitBitsPerSecond)), align: "right" },
    { head: "%", cell: cell((flow) => String(Math.round((share(flow) ?? 0) * 100))), align: "right" },
    ...(history === undefined ? [] : [past]),
  ];
}

/** The pod, else what is known instead of it. */
function nameOf({ owner, key }: TopRow): string {
  return owner.pod === undefined && owner.containerId === undefined ? key : podOrContainer(owner);
}

const sum = (of: (flow: Flow) => number) => (row: TopRow) =>
  countText([row.in, row.out].reduce((all, flow) => all + (flow === undefined ? 0 : of(flow)), 0));

/**
 * One sample as a table: red what is at its limit or drops, yellow what comes near.
 *
 * @param history draws what went before; without it there is one column less a direction
 */
export function topText(
  rows: readonly TopRow[],
  style: Style,
  width: number,
  history?: ReadonlyMap<string, History>,
): string[] {
  if (rows.length === 0) return ["No pod is limited."];
  const all = columns(history);
  const paint = (text: string, row: number, column: number) => {
    const { head } = all[column] ?? { head: "" };
    const found = rows[row];
    if (found === undefined || (head !== "%" && head !== "DROPS/s")) return text;
    const amount = Number.parseFloat(text);
    if (head === "DROPS/s") return amount > 0 ? style.red(text) : text;
    return amount >= 95 ? style.red(text) : amount >= 70 ? style.yellow(text) : text;
  };
  return table(rows, all, { width, head: style.bold, paint });
}

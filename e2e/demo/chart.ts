const eighths = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

export interface ChartOptions {
  /** Columns for the whole chart, axis included. */
  readonly width: number;
  /** The value at which a line is drawn; the chart reaches half as high again. */
  readonly limit: number;
}

/**
 * Draws values as columns of block characters, five rows high. The limit is the middle of the fourth row, so that
 * what keeps to it stays within that row. What is higher than the chart is cut off.
 */
export function chart(values: readonly number[], { width, limit }: ChartOptions): readonly string[] {
  const label = String(limit);
  const step = limit / 3.5;
  const columns = spread(values, Math.max(1, width - label.length - " ┤".length - tail.length));
  return [4, 3, 2, 1, 0].map((row) => {
    const cells = columns.map((value) => cell((value - row * step) / step)).join("");
    if (row === 3) return `${label} ┤${cells.replaceAll(" ", "─")}${tail}`;
    const axis = row === 0 ? "0 ┤" : "│";
    return `${axis.padStart(label.length + 2)}${cells}`.trimEnd();
  });
}

const tail = "── limit";

/** One line of columns, for a measurement that is still going on. */
export function sparkline(values: readonly number[], limit: number): string {
  return values.map((value) => cell(value / (limit * 1.25))).join("");
}

/** The character for a share of a row's height. */
function cell(share: number): string {
  return eighths[Math.min(8, Math.max(0, Math.round(share * 8)))] ?? " ";
}

/** Repeats each value so that all together fill the columns as far as whole columns go. */
function spread(values: readonly number[], columns: number): readonly number[] {
  const times = Math.max(1, Math.floor(columns / Math.max(1, values.length)));
  return values.slice(-columns).flatMap((value) => Array.from({ length: times }, () => value));
}

/** A column: its head, and how a row's cell reads. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => string;
  /** Numbers stand at the right. Default: left. */
  readonly align?: "left" | "right";
  /** May be cut where the terminal is too narrow; columns without this are kept whole. */
  readonly shrinks?: boolean;
}

export interface TableOptions {
  /** Columns of the terminal; Infinity for none. */
  readonly width: number;
  /** Paints the head line. */
  readonly head?: (text: string) => string;
  /** Paints a padded cell of a row. */
  readonly paint?: (text: string, row: number, column: number) => string;
}

const gap = "  ";

/** Rows as lines under a head, columns as wide as their widest cell, the whole no wider than the terminal where it can. */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  options: TableOptions,
): string[] {
  const cells = rows.map((row) => columns.map(({ cell }) => printable(cell(row))));
  const wanted = columns.map(({ head }, at) =>
    Math.max(head.length, ...cells.map((line) => line[at]?.length ?? 0)),
  );
  const widths = fit(wanted, columns, options.width);
  const line = (texts: readonly string[], paint: (text: string, column: number) => string) =>
    texts
      .map((text, at) => {
        const last = at === texts.length - 1;
        const cut = shorten(text, widths[at] ?? 0);
        const right = columns[at]?.align === "right";
        const padded = right ? cut.padStart(widths[at] ?? 0) : last ? cut : cut.padEnd(widths[at] ?? 0);
        return paint(padded, at);
      })
      .join(gap);
  const { head = (text) => text, paint = (text) => text } = options;
  return [
    line(
      columns.map((column) => column.head),
      head,
    ),
    ...cells.map((texts, row) => line(texts, (text, column) => paint(text, row, column))),
  ];
}

/** Takes what is too much from the columns that may shrink, the widest first; none becomes narrower than 8. */
function fit<Row>(wanted: readonly number[], columns: readonly Column<Row>[], width: number): number[] {
  const widths = [...wanted];
  const total = () => widths.reduce((sum, one) => sum + one, 0) + gap.length * (widths.length - 1);
  while (total() > width) {
    const able = widths.map((one, at) => (columns[at]?.shrinks === true && one > 8 ? one : 0));
    const widest = able.indexOf(Math.max(...able));
    if ((able[widest] ?? 0) === 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

const shorten = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

/** Names of links and containers are somebody else's words: nothing in them may steer a terminal, turn a line round or hide. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (one) => {
    const hex = (one.codePointAt(0) ?? 0).toString(16);
    return hex.length > 2 ? `\\u{${hex}}` : `\\x${hex.padStart(2, "0")}`;
  });
}

import { podText } from "../list/words.ts";
import type { TopRow } from "./rates.ts";

export const orders = ["in", "out", "drops", "name"] as const;
export type Order = (typeof orders)[number];

/** The busiest first, or by name; the name decides among equals. */
export function sorted(rows: readonly TopRow[], order: Order): TopRow[] {
  return rows.toSorted((a, b) => weight(b, order) - weight(a, order) || compareNames(a, b));
}

function weight(row: TopRow, order: Order): number {
  switch (order) {
    case "in":
    case "out":
      return row[order]?.bitsPerSecond ?? 0;
    case "drops":
      return (row.in?.dropsPerSecond ?? 0) + (row.out?.dropsPerSecond ?? 0);
    case "name":
      return 0;
  }
}

function compareNames(a: TopRow, b: TopRow): number {
  const name = ({ owner, key }: TopRow) => `${podText(owner)} ${key}`;
  return name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0;
}

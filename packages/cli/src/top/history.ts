import type { TopRow } from "./rates.ts";

const bars = "▁▂▃▄▅▆▇█";

/** Shares of a limit (1: all of it) as bars, the latest at the right; above the limit is a full one. */
export function sparkline(shares: readonly number[], width: number): string {
  const shown = shares.slice(-width).map((share) => {
    const level = Math.ceil(Math.min(1, share) * bars.length) - 1;
    return bars.charAt(Math.max(0, level));
  });
  return shown.join("").padStart(width);
}

/** Samples kept of each direction. */
export const historyLength = 10;

/** What each pod used of its limits, sample by sample. */
export interface History {
  readonly in: readonly number[];
  readonly out: readonly number[];
}

/** The history with one more sample; rows that are gone are forgotten. */
export function remembered(
  history: ReadonlyMap<string, History>,
  rows: readonly TopRow[],
): ReadonlyMap<string, History> {
  const longer = (shares: readonly number[] | undefined, share: number | undefined) =>
    [...(shares ?? []), share ?? 0].slice(-historyLength);
  return new Map(
    rows.map((row) => {
      const old = history.get(row.key);
      return [row.key, { in: longer(old?.in, share(row.in)), out: longer(old?.out, share(row.out)) }];
    }),
  );
}

/** Of a limit, how much is used. */
export function share(flow: TopRow["in"]): number | undefined {
  return flow === undefined ? undefined : flow.bitsPerSecond / flow.limitBitsPerSecond;
}

import type { About } from "./about.ts";
import { between, labelOf, mebibytes, ratio, versus } from "./format.ts";
import { missesTarget, type Row } from "./rows.ts";

/** A report is what was measured, and where. */
export interface Report {
  readonly about: About;
  readonly rows: readonly Row[];
}

/** Lines above the table. */
export function renderHeader({ date, kernel, iptables, cores, processor, ours, reference }: About): string {
  return [
    `${date}, Linux ${kernel}, iptables ${iptables}, ${cores} cores of ${processor}`,
    `ours       ${ours}`,
    `reference  ${reference}`,
    "Pairs of calls side by side; wall time in ms (medians), and ours over the reference's: median of the pairs' ratios",
    "and its quartiles. Below 1 is better for ours. CPU: the same of user and system time of all processes.",
    "Peak MiB of the largest process, processes, and transactions with the kernel: ours : reference.",
  ].join("\n");
}

const columns = [
  { title: "", width: 58 },
  { title: "pairs", width: 5 },
  { title: "ms", width: 15 },
  { title: "ratio", width: 6 },
  { title: "quartiles", width: 13 },
  { title: "target", width: 8 },
  { title: "CPU", width: 6 },
  { title: "peak MiB", width: 13 },
  { title: "processes", width: 9 },
  { title: "transactions", width: 12 },
] as const;

export const renderTitles = (): string => line(columns.map(({ title }) => title));

/** One line of the table for a terminal; a `!` stands behind the target a row misses. */
export function renderRow(row: Row): string {
  const { anatomy } = row;
  return line([
    labelOf(row),
    String(row.pairs),
    versus(row.ours.median, row.reference.median),
    ratio(row.ratio.median),
    between(row.ratio),
    row.target === undefined ? "" : `≤ ${row.target}${missesTarget(row) ? " !" : ""}`,
    row.cpuRatio === undefined ? "" : ratio(row.cpuRatio.median),
    ...(anatomy === undefined
      ? []
      : [
          `${mebibytes(anatomy.ours.peakBytes)} : ${mebibytes(anatomy.reference.peakBytes)}`,
          versus(anatomy.ours.processes, anatomy.reference.processes),
          versus(anatomy.ours.transactions, anatomy.reference.transactions),
        ]),
  ]);
}

/** Lines below the table: sizes of the files, and how the targets were met. */
export function renderFooter({ about, rows }: Report): string {
  const targeted = rows.filter(({ target }) => target !== undefined);
  const missed = targeted.filter(missesTarget);
  const sizes = about.sizes.map(
    ({ plugin, ours, reference }) =>
      `${plugin} ${mebibytes(ours)} : ${mebibytes(reference)} (${ratio(ours / reference)})`,
  );
  return [
    `Executables, MiB: ${sizes.join(", ")}`,
    `Targets: ${targeted.length - missed.length} of ${targeted.length} met`,
    ...missed.map((row) => `  ! ${labelOf(row)}: ${ratio(row.ratio.median)}, at most ${row.target} wanted`),
  ].join("\n");
}

function line(cells: readonly string[]): string {
  return columns
    .map(({ width }, at) => (at === 0 ? (cells[at] ?? "").padEnd(width) : (cells[at] ?? "").padStart(width)))
    .join("  ")
    .trimEnd();
}

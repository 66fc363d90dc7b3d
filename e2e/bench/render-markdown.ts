import { between, digits, labelOf, mebibytes, ratio } from "./format.ts";
import type { Report } from "./render-text.ts";
import { missesTarget, type Row } from "./rows.ts";

/** The whole report as Markdown, every row. */
export function renderMarkdown(report: Report): string {
  return [...caption(report), "", ...wide(report.rows), "", sizes(report)].join("\n");
}

/** The headline rows only, for a README. */
export function renderHeadline(report: Report): string {
  const headline = report.rows.filter(({ headline }) => headline);
  const rows = headline.map(
    (row) =>
      `| ${labelOf(row)} | ${withUnit(row, row.ours.median)} | ${withUnit(row, row.reference.median)} | ${bold(row)} | ${between(row.ratio)} |`,
  );
  return [
    ...caption(report),
    "",
    "| | ours | reference | ratio | quartiles |",
    "| --- | --: | --: | --: | --: |",
    ...rows,
    "",
    sizes(report),
  ].join("\n");
}

function caption({ about }: Report): readonly string[] {
  return [
    `${about.ours} against ${about.reference}; ${about.date}, Linux ${about.kernel}, iptables ${about.iptables}, ${about.cores} cores of ${about.processor}.`,
    "Wall time, median; the ratio is ours over the reference's, median and quartiles of pairs of calls made side by side.",
  ];
}

function wide(rows: readonly Row[]): readonly string[] {
  return [
    "| | pairs | ours, ms | reference, ms | ratio | quartiles | at most | CPU ratio | peak MiB | processes | transactions |",
    "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
    ...rows.map((row) => `| ${cells(row).join(" | ")} |`),
  ];
}

function cells(row: Row): readonly string[] {
  const { anatomy } = row;
  const both = (of: (side: NonNullable<typeof anatomy>["ours"]) => string) =>
    anatomy === undefined ? "" : `${of(anatomy.ours)} : ${of(anatomy.reference)}`;
  return [
    labelOf(row),
    String(row.pairs),
    digits(row.ours.median),
    digits(row.reference.median),
    bold(row),
    between(row.ratio),
    row.target === undefined ? "" : `${row.target}${missesTarget(row) ? ", missed" : ""}`,
    row.cpuRatio === undefined ? "" : ratio(row.cpuRatio.median),
    both(({ peakBytes }) => mebibytes(peakBytes)),
    both(({ processes }) => String(processes)),
    both(({ transactions }) => String(transactions)),
  ];
}

const bold = (row: Row): string => `**${ratio(row.ratio.median)}**`;

/** Rows of the headline are calls in ms, but for growths. */
const withUnit = ({ unit }: Row, value: number): string =>
  `${digits(value)} ${unit === "ms" ? "ms" : "ms/1,000"}`;

function sizes({ about }: Report): string {
  const each = about.sizes.map(
    ({ plugin, ours, reference }) => `${plugin} ${mebibytes(ours)} (reference ${mebibytes(reference)})`,
  );
  return `Executables, in MiB: ${each.join(", ")}.`;
}

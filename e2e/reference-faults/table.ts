import type { Fault } from "./fault.ts";

/** The README of this folder: what is wrong in the reference plugins, and what ours do instead. */
export function renderReadme(faults: readonly Fault[]): string {
  return [
    "# Faults of the reference plugins",
    "",
    "Each row is an experiment of `faults.test.ts`, run on a private node against our plugins and against Debian's package",
    "of the reference, 1.1.1. The test asserts that ours are right, and that the reference shows the fault where the last",
    "column says yes: a row that cannot fail proves nothing. P is containernetworking/plugins, k8s is Kubernetes.",
    "",
    "This file is written from the rows themselves; after a change: `scripts/test e2e/reference-faults -u`.",
    "",
    renderTable(faults),
    "",
  ].join("\n");
}

/** The faults as a table in Markdown. `seen` tells for each what the reference did in this run. */
export function renderTable(faults: readonly Fault[], seen?: ReadonlyMap<string, string>): string {
  const last = seen === undefined ? "In 1.1.1" : "The reference in this run";
  const head = ["Id", "Reported", "Where", "The reference", "Ours", last];
  const rows = faults.map((fault) => [
    `${fault.plugin} \`${fault.id}\``,
    fault.reported ?? "",
    fault.title,
    fault.reference,
    fault.ours,
    seen === undefined ? whereShown(fault) : (seen.get(fault.id) ?? "not run"),
  ]);
  return aligned([head, ...rows.map((cells) => cells.map(escaped))]);
}

function whereShown({ notIn111, onSomeMachines }: Fault): string {
  if (notIn111 !== undefined) return `no: ${notIn111}`;
  return onSomeMachines ?? "yes";
}

/** Columns of one width, as the formatter wants a table in a file. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [head, widths.map((width) => "-".repeat(width)), ...body].map(line).join("\n");
}

const escaped = (text: string): string => text.replaceAll("|", String.raw`\|`);

import type { Style } from "../output/style.ts";
import { printable } from "../output/table.ts";
import { type Placed, pathText } from "./finding.ts";
import type { FileReport } from "./read-files.ts";

/** A report as a compiler gives it, one line a finding; with `lines`, the line of the file below it. */
export function renderText(
  reports: readonly FileReport[],
  style: Style,
  lines: boolean,
  width: number,
): string {
  const texts = reports.flatMap((report) => {
    if (report.unreadable !== undefined) {
      return [
        `${style.bold(printable(report.file))}: ${style.red("error")}: ${printable(report.unreadable)}`,
      ];
    }
    if (report.findings.length === 0) return [okLine(report, style)];
    const source = report.text.split("\n");
    return report.findings.flatMap((finding) => [
      findingLine(report.file, finding, style),
      ...(lines ? sourceLines(source[finding.line - 1] ?? "", finding, style, width) : []),
    ]);
  });
  const { errors, warnings } = count(reports);
  const summary =
    errors + warnings === 0 ? [] : [`${plural(errors, "error")}, ${plural(warnings, "warning")}`];
  return [...texts, ...summary, ""].join("\n");
}

/** The document of `--json`. */
export function renderJson(reports: readonly FileReport[]): object {
  return {
    ...count(reports),
    files: reports.map((report) => ({
      file: report.file,
      network: report.network ?? null,
      cniVersion: report.cniVersion ?? null,
      plugins: report.plugins,
      unreadable: report.unreadable ?? null,
      problems: report.findings.map(({ severity, line, column, path, message, suggestion }) => ({
        severity,
        line,
        column,
        path: pathText(path),
        message,
        suggestion: suggestion ?? null,
      })),
    })),
  };
}

export function count(reports: readonly FileReport[]): { errors: number; warnings: number } {
  const all = reports.flatMap(({ findings }) => findings);
  const errors = all.filter(({ severity }) => severity === "error").length;
  const unreadable = reports.filter((report) => report.unreadable !== undefined).length;
  return { errors: errors + unreadable, warnings: all.length - errors };
}

/** What is wrong, without its file: `plugins[1].snatt: unknown field …; did you mean "snat"?`. */
export function sentence({ path, message, suggestion }: Placed): string {
  const where = path.length === 0 ? "" : `${pathText(path)}: `;
  const meant = suggestion === undefined ? "" : `; did you mean "${suggestion}"?`;
  return printable(`${where}${message}${meant}`);
}

function findingLine(file: string, finding: Placed, style: Style): string {
  const { severity, line, column } = finding;
  const place = style.bold(printable(`${file}:${line}:${column}`));
  const word = severity === "error" ? style.red(severity) : style.yellow(severity);
  return `${place}: ${word}: ${sentence(finding)}`;
}

function okLine({ file, network, cniVersion, plugins }: FileReport, style: Style): string {
  const what = printable(`${network ?? ""}: ${plugins.join(" → ")}, CNI ${cniVersion ?? ""}`);
  return `${style.bold(printable(file))}: ${style.green("ok")} (${what})`;
}

/** The line and a caret below the column; of a long line what is around it. */
function sourceLines(text: string, { line, column }: Placed, style: Style, width: number): string[] {
  const gutter = `${line}`.padStart(5);
  const room = Math.max(20, width - gutter.length - 3);
  const tame = (characters: readonly string[]) => printable(characters.join("").replaceAll("\t", " "));
  const characters = [...text];
  const before = tame(characters.slice(0, column - 1)).length;
  const from = before >= room ? before - Math.floor(room / 2) : 0;
  const shown = tame(characters).slice(from, from + room);
  return [
    `${style.dim(`${gutter} |`)} ${shown}`,
    `${style.dim(`${" ".repeat(gutter.length)} |`)} ${" ".repeat(before - from)}${style.red("^")}`,
  ];
}

function plural(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

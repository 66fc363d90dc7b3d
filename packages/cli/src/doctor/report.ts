import type { Style } from "../output/style.ts";
import { printable } from "../output/table.ts";
import { versionsText } from "./checks/tools.ts";
import type { Facts } from "./facts.ts";
import { type Diagnosis, exitCodeFor, type Severity } from "./finding.ts";

const signs: Readonly<Record<Severity, string>> = { ok: "✓", unknown: "?", warning: "!", broken: "✗" };

/** The report as text: a line a check that is well, and below the others' names what is the matter, where, and its remedy. */
export function reportLines(diagnoses: readonly Diagnosis[], facts: Facts, style: Style): string[] {
  const width = Math.max(...diagnoses.map(({ check }) => check.length));
  const paint = { ok: style.green, unknown: style.cyan, warning: style.yellow, broken: style.red };
  const lines = diagnoses.flatMap(({ check, severity, what, where, remedy }) => {
    const indent = " ".repeat(width + 4);
    return [
      `${paint[severity](signs[severity])} ${style.bold(check.padEnd(width))}  ${printable(what)}`,
      ...(where === undefined ? [] : [`${indent}${style.dim(printable(where))}`]),
      ...(remedy === undefined ? [] : [`${indent}→ ${printable(remedy)}`]),
    ];
  });
  const versions = versionsText(facts.tools);
  const verdicts = ["all is well", "there are warnings", "something is broken"];
  return [
    ...lines,
    "",
    ...(versions === "" ? [] : [style.dim(printable(versions))]),
    style.bold(verdicts[exitCodeFor(diagnoses)] ?? ""),
  ];
}

/** The report for a program. */
export function reportDocument(diagnoses: readonly Diagnosis[], { tools }: Facts): object {
  const count = (severity: Severity) => diagnoses.filter((one) => one.severity === severity).length;
  return {
    exitCode: exitCodeFor(diagnoses),
    counts: {
      ok: count("ok"),
      unknown: count("unknown"),
      warning: count("warning"),
      broken: count("broken"),
    },
    tools: tools.map(({ name, directory, version }) => ({ name, directory: directory ?? null, version })),
    findings: diagnoses,
  };
}

import type { Style } from "../output/style.ts";
import { printable } from "../output/table.ts";
import { versionsText } from "./checks/tools.ts";
import type { Facts } from "./facts.ts";
import { type Diagnosis, exitCodeFor, type Severity } from "./finding.ts";

const signs: Readonly<Record<Severity, string>> = { ok: "✓", unknown: "?", warning: "!", broken: "✗" };

/** Of one thing, so many of its findings are told; of one check, so many things. `--json` has all. */
const findingsTold = 3;
const groupsTold = 10;

/** The report as text: a line a check that is well, and below the others' names what is the matter, where, and its remedy. */
export function reportLines(diagnoses: readonly Diagnosis[], facts: Facts, style: Style): string[] {
  const width = Math.max(...diagnoses.map(({ check }) => check.length));
  const indent = " ".repeat(width + 4);
  const paint = { ok: style.green, unknown: style.cyan, warning: style.yellow, broken: style.red };
  const lines = groupedBy(diagnoses, ({ check }) => check).flatMap((ofCheck) => {
    const groups = groupedBy(ofCheck, ({ severity, where, remedy }) =>
      JSON.stringify([severity, where, remedy]),
    );
    const told = groups.slice(0, groupsTold).flatMap((group) => {
      const [{ check, severity, where, remedy }] = group;
      const [first = "", ...others] = group.slice(0, findingsTold).map(({ what }) => printable(what));
      return [
        `${paint[severity](signs[severity])} ${style.bold(check.padEnd(width))}  ${first}`,
        ...others.map((what) => `${indent}${what}`),
        ...more(group.length - findingsTold, "more of the same"),
        ...(where === undefined ? [] : [`${indent}${style.dim(printable(where))}`]),
        ...(remedy === undefined ? [] : [`${indent}→ ${printable(remedy)}`]),
      ];
    });
    return [...told, ...more(groups.length - groupsTold, `more like these of ${ofCheck[0].check}`)];
  });
  function more(count: number, what: string): string[] {
    return count > 0 ? [`${indent}${style.dim(`and ${count} ${what} (--json has all)`)}`] : [];
  }
  const versions = versionsText(facts.tools);
  const verdicts = ["all is well", "there are warnings", "something is broken"];
  return [
    ...lines,
    "",
    ...(versions === "" ? [] : [style.dim(printable(versions))]),
    style.bold(verdicts[exitCodeFor(diagnoses)] ?? ""),
  ];
}

/** Neighbours that have a key in common, together. */
function groupedBy(
  diagnoses: readonly Diagnosis[],
  keyOf: (diagnosis: Diagnosis) => string,
): [Diagnosis, ...Diagnosis[]][] {
  const groups: [Diagnosis, ...Diagnosis[]][] = [];
  for (const one of diagnoses) {
    const last = groups.at(-1);
    if (last !== undefined && keyOf(last[0]) === keyOf(one)) last.push(one);
    else groups.push([one]);
  }
  return groups;
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

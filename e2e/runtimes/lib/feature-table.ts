/** What runtimes make use of, in the order of the table. A test says which of them it shows, a runtime may have no test of some. */
const features = [
  "hostPort from 127.0.0.1",
  "hostPort from the node's addresses",
  "hostPort from another host",
  "hostPort from another pod",
  "hostPort from the pod itself",
  "hostPort over IPv6",
  "hostPort over UDP",
  "hostPort over SCTP (rules)",
  "hostIP",
  "no hostPort",
  "ingress limit",
  "egress limit",
  "conflist 0.3.1",
  "conflist 0.4.0",
  "conflist 1.0.0",
  "pods in parallel",
  "runtime killed in a pod's start",
] as const;

export type Feature = (typeof features)[number];

/** Whether a test that showed a feature on a runtime went well. */
export interface Shown {
  readonly runtime: string;
  readonly feature: Feature;
  readonly state: "passed" | "failed" | "skipped" | "pending";
}

/** A line for each feature that a test was about, a column for each runtime; undefined if there was no such test. */
export function renderFeatureTable(shown: readonly Shown[]): string | undefined {
  const runtimes = [...new Set(shown.map(({ runtime }) => runtime))].toSorted();
  if (runtimes.length === 0) return undefined;
  const rows = features
    .filter((feature) => shown.some((entry) => entry.feature === feature))
    .map((feature) => [
      feature,
      ...runtimes.map((runtime) =>
        cell(shown.filter((entry) => entry.feature === feature && entry.runtime === runtime)),
      ),
    ]);
  const table = [["", ...runtimes], ...rows];
  const widths = ["", ...runtimes].map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((text, at) => text.padEnd(widths[at] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Several tests may be about one feature: all have to pass. */
function cell(shown: readonly Shown[]): string {
  const states = shown.map(({ state }) => state);
  if (states.includes("failed")) return "FAILED";
  if (states.length === 0) return "-";
  return states.every((state) => state === "passed") ? "passed" : "not run";
}

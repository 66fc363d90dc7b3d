import { basename, dirname } from "node:path";

/** One line of what a suite has tried. */
export interface Tried {
  /** What was done, in a few words: `killed during ADD`, `documents with a byte changed`. */
  readonly what: string;
  /** How often. */
  readonly times: number;
  /** How often something was lost by it: a rule left behind, a crash, a wrong answer. */
  readonly lost: number;
}

declare module "vitest" {
  interface TaskMeta {
    tried?: readonly Tried[];
  }
}

/** What a test has tried, with the path of its file: the folder is the suite's name. */
export interface TriedIn {
  readonly file: string;
  readonly tried: readonly Tried[];
}

/** Notes a line for the table that is printed when the run is over. Note before asserting, so that losses show. */
export function noteTried(task: { meta: { tried?: readonly Tried[] } }, ...tried: readonly Tried[]): void {
  task.meta.tried = [...(task.meta.tried ?? []), ...tried];
}

/** A table for each suite: lines of the same name are added up. */
export function renderTriedTables(tests: readonly TriedIn[]): string[] {
  const suites = Map.groupBy(tests, ({ file }) => basename(dirname(file)));
  return [...suites].flatMap(([suite, members]) => {
    const lines = Map.groupBy(
      members.flatMap(({ tried }) => tried),
      ({ what }) => what,
    );
    const rows = [...lines].map(([what, all]) => [what, count(all, "times"), count(all, "lost")] as const);
    if (rows.length === 0) return [];
    const table = [[suite, "tried", "lost"] as const, ...rows];
    const [wide, tried, lost] = [0, 1, 2].map((at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
    return [
      ...table.map(
        (row) => `${row[0].padEnd(wide ?? 0)}  ${row[1].padStart(tried ?? 0)}  ${row[2].padStart(lost ?? 0)}`,
      ),
      "",
    ];
  });
}

function count(tried: readonly Tried[], of: "times" | "lost"): string {
  return tried.reduce((sum, one) => sum + one[of], 0).toLocaleString("en");
}

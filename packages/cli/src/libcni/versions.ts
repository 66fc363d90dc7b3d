/** The newest version of the CNI specification that chains are run at, as libcni's of the time. */
export const newestVersion = "1.1.0";

/** Negative where `a` is older than `b`, 0 where they are the same; number by number, as libcni does it. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbers(a), numbers(b)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

/** True for three numbers with dots between, as `1.0.0`. */
export function isVersion(text: string): boolean {
  return /^\d+\.\d+\.\d+$/.test(text);
}

/** What a list at a version can be asked for: CHECK and a result at DEL came with 0.4.0, GC and STATUS with 1.1.0. */
export const since = { check: "0.4.0", resultAtDel: "0.4.0", gc: "1.1.0", status: "1.1.0" } as const;

export function knows(version: string, what: keyof typeof since): boolean {
  return compareVersions(version, since[what]) >= 0;
}

function numbers(version: string): readonly number[] {
  return version.split(".").map(Number);
}

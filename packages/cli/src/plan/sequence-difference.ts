/** An element of one of two lists, and what becomes of it on the way from the first to the second. */
export interface Step<T> {
  readonly action: "add" | "remove" | "move" | "keep";
  readonly item: T;
  /** Index in the second list; -1 for what is removed. */
  readonly at: number;
}

/**
 * How one list becomes another, by the fewest steps: what is removed first, in its old order, then the second list in its
 * order. Elements are the same where their keys are; one that is in both, but not in order, is moved.
 */
export function sequenceDifference<T>(
  before: readonly T[],
  after: readonly T[],
  keyOf: (item: T) => string,
): readonly Step<T>[] {
  const free = new Map<string, number[]>();
  for (const [at, item] of before.entries()) free.set(keyOf(item), [...(free.get(keyOf(item)) ?? []), at]);
  const from = after.map((item) => free.get(keyOf(item))?.shift());
  const kept = longestRise(from);
  const used = new Set(from);
  return [
    ...before.flatMap((item, at): Step<T>[] => (used.has(at) ? [] : [{ action: "remove", item, at: -1 }])),
    ...after.map((item, at): Step<T> => {
      if (from[at] === undefined) return { action: "add", item, at };
      return { action: kept.has(at) ? "keep" : "move", item, at };
    }),
  ];
}

/** Places of a longest run of numbers that rise, gaps allowed. */
function longestRise(numbers: readonly (number | undefined)[]): ReadonlySet<number> {
  const best: { readonly length: number; readonly previous: number }[] = [];
  let last = -1;
  for (const [at, number] of numbers.entries()) {
    let [length, previous] = [0, -1];
    if (number !== undefined) {
      length = 1;
      for (let i = 0; i < at; i += 1) {
        const earlier = numbers[i];
        const { length: other = 0 } = best[i] ?? {};
        if (earlier !== undefined && earlier < number && other + 1 > length)
          [length, previous] = [other + 1, i];
      }
      if (length > (best[last]?.length ?? 0)) last = at;
    }
    best.push({ length, previous });
  }
  const places = new Set<number>();
  for (let at = last; at >= 0; at = best[at]?.previous ?? -1) places.add(at);
  return places;
}

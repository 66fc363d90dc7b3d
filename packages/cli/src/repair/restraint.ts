/** Milliseconds before the same is repaired again: the second time at once, then ever later. */
const firstMs = 250;
const longestMs = 60_000;
/** After so long without a repair it counts as the first again. */
const forgetMs = 300_000;

/** Keeps a repair from being made over and over where somebody else, another program, undoes it as often. */
export class Restraint {
  readonly #repairs = new Map<string, { readonly count: number; readonly atMs: number }>();

  mayRepair(key: string, nowMs: number): boolean {
    const last = this.#repairs.get(key);
    if (last === undefined) return true;
    return nowMs - last.atMs >= Math.min(longestMs, firstMs * 2 ** last.count);
  }

  repaired(key: string, nowMs: number): void {
    const last = this.#repairs.get(key);
    const isOld = last === undefined || nowMs - last.atMs >= forgetMs;
    this.#repairs.set(key, { count: isOld ? 1 : last.count + 1, atMs: nowMs });
    for (const [other, { atMs }] of this.#repairs) if (nowMs - atMs >= forgetMs) this.#repairs.delete(other);
  }
}

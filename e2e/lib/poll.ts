interface Pace {
  /** Milliseconds between two attempts. */
  readonly everyMs?: number;
  readonly withinMs?: number;
}

/** Tries until something comes out, 20 times a second; throws with what was waited for after half a minute. */
export async function until<T>(
  what: string,
  attempt: () => T | undefined | Promise<T | undefined>,
  { everyMs = 50, withinMs = 30_000 }: Pace = {},
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await attempt();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await Bun.sleep(everyMs);
  }
}

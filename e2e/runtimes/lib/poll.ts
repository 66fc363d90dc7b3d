/** Tries until something comes out, 20 times a second; throws with what was waited for after half a minute. */
export async function until<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + 30_000;
  for (;;) {
    const found = await attempt();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await Bun.sleep(50);
  }
}

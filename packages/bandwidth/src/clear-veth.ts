import type { TrafficControl } from "tc-ts";
import { planRemoval, type ShapedVeth } from "./plan-removal.ts";

/** Takes our qdiscs and filters off a veth. What is gone already is success. Throws as TrafficControl does. */
export async function clearVeth(tc: TrafficControl, found: ShapedVeth): Promise<void> {
  const changes = planRemoval(found);
  try {
    await tc.change(changes);
  } catch (error) {
    // Gone in the meantime, with the veth or by a DEL that runs beside this one and may not have come to its end.
    const now = (await tc.observe([found.veth])).get(found.veth);
    if (now === undefined) return;
    const left = planRemoval({ ...found, shaping: now }).length;
    if (left >= changes.length) throw error;
    await clearVeth(tc, { ...found, shaping: now });
  }
}

/** The same for many, at once while none fails; then one by one. Gives every failure. */
export async function clearVeths(
  tc: TrafficControl,
  veths: readonly ShapedVeth[],
): Promise<readonly unknown[]> {
  try {
    await tc.change(veths.flatMap((one) => planRemoval(one)));
    return [];
  } catch {
    // Which it was, and whether it still is there, shows one by one.
  }
  const failures: unknown[] = [];
  for (const found of veths) {
    try {
      const shaping = (await tc.observe([found.veth])).get(found.veth);
      if (shaping !== undefined) await clearVeth(tc, { ...found, shaping });
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}

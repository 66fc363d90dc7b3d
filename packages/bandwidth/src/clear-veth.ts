import type { DeviceShaping, TrafficControl } from "tc-ts";
import { planRemoval } from "./plan-removal.ts";

/** A veth of the host, what is on it, and the ifb that its filter leads into. */
export interface ShapedVeth {
  readonly veth: string;
  readonly shaping: DeviceShaping;
  readonly ifb: string;
}

/** Takes our qdiscs and filters off a veth. What is gone already is success. Throws as TrafficControl does. */
export async function clearVeth(tc: TrafficControl, { veth, shaping, ifb }: ShapedVeth): Promise<void> {
  const changes = planRemoval(veth, shaping, ifb);
  try {
    await tc.change(changes);
  } catch (error) {
    // Gone in the meantime, with the veth or by a DEL that runs beside this one and may not have come to its end.
    const now = (await tc.observe([veth])).get(veth);
    if (now === undefined) return;
    const left = planRemoval(veth, now, ifb).length;
    if (left >= changes.length) throw error;
    await clearVeth(tc, { veth, shaping: now, ifb });
  }
}

/** The same for many, at once while none fails; then one by one. Gives every failure. */
export async function clearVeths(
  tc: TrafficControl,
  veths: readonly ShapedVeth[],
): Promise<readonly unknown[]> {
  try {
    await tc.change(veths.flatMap(({ veth, shaping, ifb }) => planRemoval(veth, shaping, ifb)));
    return [];
  } catch {
    // Which it was, and whether it still is there, shows one by one.
  }
  const failures: unknown[] = [];
  for (const { veth, ifb } of veths) {
    try {
      const shaping = (await tc.observe([veth])).get(veth);
      if (shaping !== undefined) await clearVeth(tc, { veth, shaping, ifb });
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}

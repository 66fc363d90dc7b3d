import type { Runner } from "@cni-chain/exec";
import { change, type DeviceShaping, observe } from "tc-ts";
import { planRemoval } from "./plan-removal.ts";

/** A veth of the host, what is on it, and the ifb that its filter leads into. */
export interface ShapedVeth {
  readonly veth: string;
  readonly shaping: DeviceShaping;
  readonly ifb: string;
}

/** Takes our qdiscs and filters off a veth, in one process. What is gone already is success. Throws CommandError. */
export async function clearVeth(runner: Runner, { veth, shaping, ifb }: ShapedVeth): Promise<void> {
  try {
    await change(runner, planRemoval(veth, shaping, ifb));
  } catch (error) {
    // Gone in the meantime, with the veth or by a DEL that runs beside this one.
    const now = (await observe(runner, [veth])).get(veth);
    if (now !== undefined && planRemoval(veth, now, ifb).length > 0) throw error;
  }
}

/** The same for many, in one process while none fails; then one by one. Gives every failure. */
export async function clearVeths(runner: Runner, veths: readonly ShapedVeth[]): Promise<readonly unknown[]> {
  try {
    await change(
      runner,
      veths.flatMap(({ veth, shaping, ifb }) => planRemoval(veth, shaping, ifb)),
    );
    return [];
  } catch {
    // Which it was, and whether it still is there, shows one by one.
  }
  const failures: unknown[] = [];
  for (const { veth, ifb } of veths) {
    try {
      const shaping = (await observe(runner, [veth])).get(veth);
      if (shaping !== undefined) await clearVeth(runner, { veth, shaping, ifb });
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}

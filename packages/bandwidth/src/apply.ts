import type { Network } from "./network.ts";
import { readShaping } from "./observe.ts";
import type { Plan } from "./plan.ts";
import { planUndo } from "./plan-removal.ts";
import type { State } from "./state.ts";

/**
 * Carries a plan out, links first, and gives the ifb's MAC, where the plan has one. On failure everything
 * goes back to `before`; the first error is thrown, those of the way back are told through `warn`.
 */
export async function apply(
  network: Network,
  before: State,
  plan: Plan,
  ifb: string,
  warn: (message: string) => void,
): Promise<{ readonly mac?: string }> {
  try {
    const shown =
      plan.links.length === 0 ? [] : await network.links.change([...plan.links, { do: "show", name: ifb }]);
    await network.tc.change(plan.tc);
    const mac = shown[0]?.mac;
    return mac === undefined ? {} : { mac };
  } catch (error) {
    network.turnBack?.();
    await undo(network, before, ifb).catch((reason: unknown) => {
      warn(`could not take everything back: ${reason instanceof Error ? reason.message : String(reason)}`);
    });
    throw error;
  }
}

/** Looks again instead of guessing how far the failed batch has come. */
async function undo(network: Network, before: State, ifb: string): Promise<void> {
  const links = await network.links.observe([before.veth.name, ifb]);
  const veth = links.get(before.veth.name);
  try {
    if (veth !== undefined) {
      const after = await readShaping(network, veth, links.get(ifb));
      await network.tc.change(planUndo(before, after, ifb).tc);
    }
  } finally {
    if (before.ifb === undefined && links.has(ifb)) await network.links.delete(ifb);
  }
}

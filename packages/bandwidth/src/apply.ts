import type { Runner } from "@cni-chain/exec";
import { changeLinks, deleteLink, observeLinks } from "@cni-chain/ip-ts";
import { change } from "tc-ts";
import { readShaping } from "./observe.ts";
import type { Plan } from "./plan.ts";
import { planUndo } from "./plan-removal.ts";
import type { State } from "./state.ts";

/**
 * Carries a plan out in at most two processes and gives the ifb's MAC, where the plan has one. On failure everything
 * goes back to `before`; the first error is thrown, those of the way back are told through `warn`.
 */
export async function apply(
  runner: Runner,
  before: State,
  plan: Plan,
  ifb: string,
  warn: (message: string) => void,
): Promise<{ readonly mac?: string }> {
  try {
    const shown =
      plan.links.length === 0 ? [] : await changeLinks(runner, [...plan.links, { do: "show", name: ifb }]);
    await change(runner, plan.tc);
    const mac = shown[0]?.mac;
    return mac === undefined ? {} : { mac };
  } catch (error) {
    await undo(runner, before, ifb).catch((reason: unknown) => {
      warn(`could not take everything back: ${reason instanceof Error ? reason.message : String(reason)}`);
    });
    throw error;
  }
}

/** Looks again instead of guessing how far the failed batch has come. */
async function undo(runner: Runner, before: State, ifb: string): Promise<void> {
  const links = await observeLinks(runner, [before.veth.name, ifb]);
  const veth = links.get(before.veth.name);
  try {
    if (veth !== undefined) {
      await change(runner, planUndo(before, await readShaping(runner, veth, links.get(ifb)), ifb).tc);
    }
  } finally {
    if (before.ifb === undefined && links.has(ifb)) await deleteLink(runner, ifb);
  }
}

import type { Change } from "./change.ts";
import { type Iptables, IptablesError, type ObservedTables } from "./client.ts";
import type { Family } from "./rule.ts";
import type { ByTable } from "./table.ts";

export interface Reconciliation {
  readonly family: Family;
  /** Chains to look at, the ones most likely there first. */
  readonly chains: ByTable<readonly string[]>;
  /** `exact` where a chain must not be taken as absent before somebody has looked. */
  readonly accuracy?: "exact";
  /** The transaction for what was observed. Called again after a lost race. */
  plan(observed: ObservedTables): ByTable<readonly Change[]> | Promise<ByTable<readonly Change[]>>;
}

/** Lost races in a row before we give up. Each means that somebody else's transaction went through. */
const maxAttempts = 8;

/**
 * Observe, plan, apply. A transaction that fails is planned again on a fresh and exact look: if the plan is
 * another one now, somebody was faster and it is tried; if it is the same, the failure is real.
 * Gives what was observed before the transaction that went through.
 */
export async function reconcile(iptables: Iptables, task: Reconciliation): Promise<ObservedTables> {
  let observed = await iptables.observe(task.family, task.chains, task.accuracy);
  let changes = await task.plan(observed);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await iptables.apply(task.family, changes);
      return observed;
    } catch (error) {
      if (!(error instanceof IptablesError) || error.failure !== "failed" || attempt === maxAttempts)
        throw error;
      observed = await iptables.observe(task.family, task.chains, "exact");
      const next = await task.plan(observed);
      if (JSON.stringify(next) === JSON.stringify(changes)) throw error;
      changes = next;
    }
  }
}

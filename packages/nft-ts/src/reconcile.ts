import type { Change } from "./change.ts";
import { type Nftables, NftablesError } from "./client.ts";
import type { Family, ListedTable } from "./rule.ts";

export interface Reconciliation {
  readonly family: Family;
  readonly table: string;
  /** The transaction for what was observed. Called again after a lost race. */
  plan(observed: ListedTable | undefined): readonly Change[] | Promise<readonly Change[]>;
}

/** Lost races in a row before we give up. Each means that somebody else's transaction went through. */
const maxAttempts = 8;
/** The same plan in a row: what failed it may have come and gone again between two looks, as in a reload of a firewall. */
const maxOfSame = 3;

/**
 * Observe, plan, apply. A transaction that fails is planned again on a fresh look: if the plan is another one
 * now, somebody was faster and it is tried; if it is the same again and again, the failure is real. Gives what was observed
 * before the transaction that went through.
 */
export async function reconcile(nftables: Nftables, task: Reconciliation): Promise<ListedTable | undefined> {
  let observed = await nftables.observe(task.family, task.table);
  let changes = await task.plan(observed);
  for (let [attempt, ofSame] = [1, 1]; ; attempt += 1) {
    try {
      await nftables.apply(task.family, task.table, changes);
      return observed;
    } catch (error) {
      if (!(error instanceof NftablesError) || error.failure !== "failed" || attempt === maxAttempts)
        throw error;
      observed = await nftables.observe(task.family, task.table);
      const next = await task.plan(observed);
      ofSame = JSON.stringify(next) === JSON.stringify(changes) ? ofSame + 1 : 1;
      if (ofSame > maxOfSame) throw error;
      changes = next;
    }
  }
}

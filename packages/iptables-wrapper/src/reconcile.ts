import { type Change, isSame } from "./change.ts";
import type { Iptables } from "./client.ts";
import { IptablesError } from "./iptables-error.ts";
import type { ObservedTables } from "./look.ts";
import type { Family } from "./rule.ts";
import { type ByTable, inTables } from "./table.ts";

export interface Reconciliation {
  readonly family: Family;
  /** Chains to look at, the ones most likely there first. */
  readonly chains: ByTable<readonly string[]>;
  /** Chains to look at besides once a transaction has failed: seldom there, and so not worth a look before. */
  readonly chainsOnFailure?: ByTable<readonly string[]>;
  /** `exact` where a chain must not be taken as absent before somebody has looked. */
  readonly accuracy?: "exact";
  /** The state of these chains, where somebody has looked just now. */
  readonly seen?: ObservedTables;
  /**
   * What most likely is to be done, for tables that `chains` names. It is tried at once, with a listing of what
   * was there before: if it was the plan, one process did it all.
   */
  readonly guess?: ByTable<readonly Change[]>;
  /** Chains whose state after the transaction is wanted; where there is none to make they are not looked at. */
  readonly andThen?: ByTable<readonly string[]>;
  /** The transaction for what was observed. Called again after a lost race. */
  plan(observed: ObservedTables): ByTable<readonly Change[]> | Promise<ByTable<readonly Change[]>>;
}

/** Lost races in a row before we give up. Each means that somebody else's transaction went through. */
const maxAttempts = 8;
/** The same plan in a row: what failed it may have come and gone again between two looks, as in a reload of a firewall. */
const maxOfSame = 3;

/**
 * Observe, plan, apply. A transaction that fails is planned again on a fresh and exact look: if the plan is
 * another one now, somebody was faster and it is tried; if it is the same again and again, the failure is real.
 * Gives what was observed before the transaction that went through, and after it.
 */
export async function reconcile(iptables: Iptables, task: Reconciliation): Promise<Reconciled> {
  const guessed = task.guess === undefined ? undefined : await tryGuess(iptables, task, task.guess);
  if (guessed?.done) return guessed.reconciled;
  let observed =
    guessed?.seen ?? task.seen ?? (await iptables.observe(task.family, task.chains, task.accuracy));
  let changes = await task.plan(observed);
  for (let [attempt, ofSame] = [1, 1]; ; attempt += 1) {
    try {
      const after = await applyAndLook(iptables, task, changes);
      return { before: guessed?.before ?? observed, ...(after === undefined ? {} : { after }) };
    } catch (error) {
      if (!(error instanceof IptablesError) || error.failure !== "failed" || attempt === maxAttempts)
        throw error;
      observed = await iptables.observe(task.family, allChains(task), "exact");
      const next = await task.plan(observed);
      ofSame = JSON.stringify(next) === JSON.stringify(changes) ? ofSame + 1 : 1;
      if (ofSame > maxOfSame) throw error;
      changes = next;
    }
  }
}

function allChains({ chains, chainsOnFailure = {} }: Reconciliation): ByTable<readonly string[]> {
  const added = inTables(chainsOnFailure).map(([table, names]) => [
    table,
    [...(chains[table] ?? []), ...names],
  ]);
  return { ...chains, ...Object.fromEntries(added) };
}

/** What was seen of a reconciliation. */
interface Reconciled {
  readonly before: ObservedTables;
  /** Of the chains that `andThen` names; undefined where nobody has looked. */
  readonly after?: ObservedTables;
}

async function applyAndLook(
  iptables: Iptables,
  { family, andThen }: Reconciliation,
  changes: ByTable<readonly Change[]>,
): Promise<ObservedTables | undefined> {
  if (andThen !== undefined && iptables.applyAndObserve !== undefined && inTables(changes).length > 0) {
    return iptables.applyAndObserve(family, changes, andThen);
  }
  await iptables.apply(family, changes);
  return undefined;
}

type Guessed =
  | { readonly done: true; readonly reconciled: Reconciled }
  /** `seen` is what is there now, if that is known; `before` what was there before a guess that was carried out. */
  | { readonly done: false; readonly seen?: ObservedTables; readonly before?: ObservedTables };

/** Tries the guess; what it left out of the plan, in other tables, is done after it. */
async function tryGuess(
  iptables: Iptables,
  task: Reconciliation,
  guess: ByTable<readonly Change[]>,
): Promise<Guessed> {
  const { family, chains, ...more } = task;
  const { applied, observed, after } = await iptables.observeAndApply(family, chains, guess, more);
  if (!applied) return { done: false, seen: observed };
  const plan = await task.plan(observed);
  if (!inTables(guess).every(([table, changes]) => areSame(changes, plan[table] ?? []))) {
    return { done: false, before: observed };
  }
  const rest = inTables(plan).filter(([table]) => guess[table] === undefined);
  await iptables.apply(family, Object.fromEntries(rest));
  return { done: true, reconciled: { before: observed, ...(after === undefined ? {} : { after }) } };
}

function areSame(guess: readonly Change[], plan: readonly Change[]): boolean {
  return guess.length === plan.length && guess.every((change, at) => isSame(change, plan[at]));
}

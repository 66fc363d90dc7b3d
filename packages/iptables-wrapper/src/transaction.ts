import type { Change } from "./change.ts";
import { isVerbatim, jumpTarget, ruleKeys } from "./normalise.ts";
import type { ListedRule, Rule, Target } from "./rule.ts";

/** What is known of a chain. `unknown` is not `absent`: nobody has looked. */
export type ChainState =
  | { readonly kind: "present"; readonly rules: readonly ListedRule[] }
  | { readonly kind: "absent" }
  | { readonly kind: "unknown" };

export type Observed = ReadonlyMap<string, ChainState>;

export const unknown: ChainState = { kind: "unknown" };

/** The state a table should have, as far as the caller is concerned. Everything else stays as it is. */
export interface Desired {
  /** Chains that hold exactly these rules in this order. */
  readonly owned?: readonly Owned[];
  /** Chains that exist, whatever they hold. */
  readonly shared?: readonly string[];
  /** Rules among those of others. */
  readonly entries?: readonly Entries[];
  /** Chains that do not exist. Nothing but `entries` may still jump to them. */
  readonly absent?: readonly string[];
}

/** A chain that is the caller's alone. */
export interface Owned {
  readonly chain: string;
  readonly rules: readonly Rule[];
  /**
   * Several may make it at once, and to hold its rules more than once does no harm: iptables-nft takes a chain that has come
   * since its look for its own, and both fill it. To empty it first would cost every first maker 5 ms there.
   */
  readonly madeByMany?: boolean;
}

export interface Entries {
  readonly chain: string;
  /** Where a missing rule goes. A rule that is there already stays where it is. */
  readonly position: "first" | "last";
  readonly rules: readonly Rule[];
  /** Tells the caller's rules from those of others; found ones that `rules` does not want are removed. */
  readonly isOurs?: (rule: ListedRule) => boolean;
  /** Take the caller's rules out wherever they are, and write them anew at `position`. */
  readonly afresh?: boolean;
}

/**
 * The smallest transaction from the observed state to the desired one; empty when they agree. Where a
 * chain's state is unknown its creation or removal is written all the same: if it was there already, or
 * gone, the transaction fails whole and the caller looks.
 */
export function transaction(observed: Observed, desired: Desired): Change[] {
  const created: Change[] = [];
  const filled: Change[] = [];
  for (const chain of desired.shared ?? []) {
    if (rulesOf(observed, chain) === undefined) created.push({ kind: "newChain", chain });
  }
  for (const owned of desired.owned ?? []) {
    const { chain, rules } = owned;
    const found = rulesOf(observed, chain);
    if (found === undefined) created.push({ kind: "newChain", chain });
    else if (isAsOwned(found, owned)) continue;
    else if (found.length > 0) filled.push({ kind: "flushChain", chain });
    filled.push(...rules.map((rule): Change => ({ kind: "append", chain, rule })));
  }
  const isCreated = (name: string) => created.some(({ chain }) => chain === name);
  const entries: Change[] = [];
  for (const wanted of desired.entries ?? []) {
    requireKnown(observed, wanted, isCreated);
    entries.push(...entryChanges(withoutStale(observed, wanted.chain), wanted));
  }
  const deleted: Change[] = [];
  for (const chain of desired.absent ?? []) {
    if ((observed.get(chain) ?? unknown).kind === "absent") continue;
    if (rulesOf(observed, chain)?.length !== 0) deleted.push({ kind: "flushChain", chain });
    deleted.push({ kind: "deleteChain", chain });
  }
  return [...created, ...filled, ...entries, ...deleted];
}

/** Nobody has looked at the chain: a rule is only surely not in it if it leads to a chain that is made right now. */
function requireKnown(
  observed: Observed,
  { chain, rules }: Entries,
  isCreated: (chain: string) => boolean,
): void {
  const isSafe = ({ target }: Rule) => target.kind === "jump" && isCreated(target.to);
  const { kind } = observed.get(chain) ?? unknown;
  if (kind === "unknown" && !isCreated(chain) && !rules.every(isSafe)) {
    throw new Error(`chain ${chain} was not looked at`);
  }
}

/**
 * Without the rules of a chain that lead to one which is missing: no such rule can stand. The two were looked at one after
 * the other, and went in between.
 */
function withoutStale(observed: Observed, chain: string): Observed {
  const rules = rulesOf(observed, chain) ?? [];
  const standing = rules.filter((rule) => observed.get(jumpTarget(rule) ?? "")?.kind !== "absent");
  if (standing.length === rules.length) return observed;
  return new Map([...observed, [chain, { kind: "present", rules: standing }]]);
}

function entryChanges(observed: Observed, wanted: Entries): Change[] {
  const { chain } = wanted;
  const { missing, extra } = compareEntries(observed, wanted);
  const removed = extra.map((rule): Change => ({ kind: "deleteRule", chain, rule }));
  const added =
    wanted.position === "last"
      ? missing.map((rule): Change => ({ kind: "append", chain, rule }))
      : missing.toReversed().map((rule): Change => ({ kind: "insertFirst", chain, rule }));
  return [...removed, ...added];
}

/** The wanted rules that are not there, and the caller's rules that are there and not wanted (or twice). */
export function compareEntries(
  observed: Observed,
  wanted: Entries,
): { missing: Rule[]; extra: ListedRule[] } {
  const wantedTargets = new Set(wanted.rules.map(({ target }) => targetName(target)));
  // Most rules of a shared chain lead elsewhere: nothing has to be known of them.
  const found = (rulesOf(observed, wanted.chain) ?? []).filter(
    (rule) => wantedTargets.has(jumpTarget(rule) ?? "") || wanted.isOurs?.(rule) === true,
  );
  // What nearly every look finds, and at a hundredth of the price of the keys.
  if (found.length === 0) return { missing: [...wanted.rules], extra: [] };
  const others = wanted.afresh === true ? undefined : withoutVerbatim(found, wanted.rules);
  if (others !== undefined)
    return { missing: [], extra: others.filter((rule) => wanted.isOurs?.(rule) ?? false) };
  const wantedKeys = new Set(wanted.rules.flatMap(ruleKeys));
  const seen = new Set<string>();
  const extra = found.filter((rule) => {
    const keys = ruleKeys(rule);
    if (!wanted.afresh && keys.every((key) => wantedKeys.has(key) && !seen.has(key))) {
      for (const key of keys) seen.add(key);
      return false;
    }
    return wanted.isOurs?.(rule) ?? false;
  });
  return { missing: wanted.rules.filter((rule) => !ruleKeys(rule).every((key) => seen.has(key))), extra };
}

function targetName(target: Target): string {
  return target.kind === "jump"
    ? target.to
    : { dnat: "DNAT", masquerade: "MASQUERADE", mark: "MARK" }[target.kind];
}

/** What is left when each wanted rule has been found as it would be written; undefined where one was not. */
function withoutVerbatim(found: readonly ListedRule[], wanted: readonly Rule[]): ListedRule[] | undefined {
  const left = [...found];
  for (const rule of wanted) {
    const at = left.findIndex((listed) => isVerbatim(listed, rule));
    if (at < 0) return undefined;
    left.splice(at, 1);
  }
  return left;
}

/** True where a chain holds what it should, or, where several may have made it, that more than once. */
export function isAsOwned(found: readonly ListedRule[], { rules, madeByMany = false }: Owned): boolean {
  if (sameRules(found, rules)) return true;
  const isRepeated = (rule: ListedRule, at: number) => {
    const wanted = rules[at % rules.length];
    return wanted !== undefined && sameRules([rule], [wanted]);
  };
  return madeByMany && found.length > 0 && found.length % rules.length === 0 && found.every(isRepeated);
}

/** True where a chain holds these rules in this order. Text tells it of most rules, at a hundredth of the keys' price. */
function sameRules(found: readonly ListedRule[], wanted: readonly Rule[]): boolean {
  const isInStep = wanted.every((rule, at) => {
    const listed = found[at];
    return listed !== undefined && (isVerbatim(listed, rule) || keysOf([listed]) === keysOf([rule]));
  });
  // One rule with a list of addresses is listed as several.
  return (isInStep && found.length === wanted.length) || keysOf(found) === keysOf(wanted);
}

function keysOf(rules: readonly (Rule | ListedRule)[]): string {
  return rules.flatMap(ruleKeys).join("\n");
}

/** The rules of a chain, or undefined where there is no such chain as far as anybody knows. */
export function rulesOf(observed: Observed, chain: string): readonly ListedRule[] | undefined {
  const state = observed.get(chain);
  return state?.kind === "present" ? state.rules : undefined;
}

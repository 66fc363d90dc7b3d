import { isVerbatim } from "./normalise.ts";
import type { ListedRule, Rule } from "./rule.ts";

/** One line of a transaction. A line that does not apply makes the whole transaction fail. */
export type Change =
  /** Fails where the chain exists: the loser of a race fails whole instead of emptying the winner's chain. */
  | { readonly kind: "newChain"; readonly chain: string }
  | { readonly kind: "flushChain"; readonly chain: string }
  /** Fails where the chain has rules or is jumped to. */
  | { readonly kind: "deleteChain"; readonly chain: string }
  | { readonly kind: "append"; readonly chain: string; readonly rule: Rule }
  | { readonly kind: "insertFirst"; readonly chain: string; readonly rule: Rule }
  | { readonly kind: "deleteRule"; readonly chain: string; readonly rule: ListedRule };

/** True for two that would be written as the same line: a rule that was listed as it is written is the same. */
export function isSame(one: Change, other: Change | undefined): boolean {
  if (one.kind !== other?.kind || one.chain !== other.chain) return false;
  const [rule, otherRule] = [ruleOf(one), ruleOf(other)];
  if (rule === undefined || otherRule === undefined) return rule === otherRule;
  return rule === otherRule || isVerbatim(rule, otherRule);
}

function ruleOf(change: Change): Rule | ListedRule | undefined {
  return "rule" in change ? change.rule : undefined;
}

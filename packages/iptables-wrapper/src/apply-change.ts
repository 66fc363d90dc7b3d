import type { Change } from "./change.ts";
import { asListed, ruleKeys } from "./normalise.ts";
import { renderRule } from "./render.ts";
import type { ListedRule, Rule } from "./rule.ts";

/** The chains of one table, for a model of it. */
export type Chains = Map<string, ListedRule[]>;

/** Makes one change in a model of a table; false where iptables would refuse the line. Targets are not looked at. */
export function applyChange(chains: Chains, change: Change): boolean {
  const rules = chains.get(change.chain);
  if (change.kind === "newChain") {
    if (rules === undefined) chains.set(change.chain, []);
    return rules === undefined;
  }
  if (rules === undefined) return false;
  switch (change.kind) {
    case "flushChain":
      rules.length = 0;
      return true;
    case "deleteChain":
      return rules.length === 0 && !isJumpedTo(chains, change.chain) && chains.delete(change.chain);
    case "append":
      return rules.push(listed(change.rule)) > 0;
    case "insertFirst":
      return rules.unshift(listed(change.rule)) > 0;
    case "deleteRule": {
      const at = rules.findIndex((rule) => ruleKeys(rule).join() === ruleKeys(change.rule).join());
      return at >= 0 && rules.splice(at, 1).length === 1;
    }
  }
}

function listed(rule: Rule): ListedRule {
  return { tokens: asListed(renderRule(rule)) };
}

function isJumpedTo(chains: Chains, chain: string): boolean {
  return [...chains.values()].flat().some(({ tokens }) => tokens.at(-2) === "-j" && tokens.at(-1) === chain);
}

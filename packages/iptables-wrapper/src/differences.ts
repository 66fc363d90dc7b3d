import { ruleKeys } from "./normalise.ts";
import { renderRule } from "./render.ts";
import type { ListedRule, Rule } from "./rule.ts";
import {
  compareEntries,
  type Desired,
  isAsOwned,
  type Observed,
  type Owned,
  rulesOf,
} from "./transaction.ts";

/** Every difference between the observed and the desired state, a line each, with what is missing or extra. */
export function differences(observed: Observed, desired: Desired): string[] {
  return [
    ...(desired.shared ?? []).filter((chain) => rulesOf(observed, chain) === undefined).map(missingChain),
    ...(desired.owned ?? []).flatMap((owned) => ownedDifferences(observed, owned)),
    ...(desired.entries ?? []).flatMap((wanted) => {
      const { missing, extra } = compareEntries(observed, wanted);
      return [
        ...missing.map((rule) => missingRule(wanted.chain, rule)),
        ...extra.map((rule) => extraRule(wanted.chain, rule)),
      ];
    }),
    ...(desired.absent ?? [])
      .filter((chain) => rulesOf(observed, chain) !== undefined)
      .map((chain) => `chain ${chain} should not be there`),
  ];
}

function ownedDifferences(observed: Observed, owned: Owned): string[] {
  const { chain, rules: wanted } = owned;
  const found = rulesOf(observed, chain);
  if (found === undefined) return [missingChain(chain)];
  if (isAsOwned(found, owned)) return [];
  const foundKeys = found.flatMap(ruleKeys);
  const wantedKeys = wanted.flatMap(ruleKeys);
  // A pod may have thousands of rules.
  const wantedSet = new Set(wantedKeys);
  const firstAt = new Map(foundKeys.map((key, at) => [key, at] as const).toReversed());
  const lines = [
    ...wanted
      .filter((rule) => !ruleKeys(rule).every((key) => firstAt.has(key)))
      .map((rule) => missingRule(chain, rule)),
    ...found
      .filter((rule, at) =>
        ruleKeys(rule).some((key) => !wantedSet.has(key) || (firstAt.get(key) ?? at) < at),
      )
      .map((rule) => extraRule(chain, rule)),
  ];
  if (lines.length === 0 && foundKeys.join("\n") !== wantedKeys.join("\n")) {
    lines.push(`chain ${chain} holds its rules in another order`);
  }
  return lines;
}

function missingChain(chain: string): string {
  return `chain ${chain} is missing`;
}

function missingRule(chain: string, rule: Rule): string {
  return `rule is missing: -A ${chain} ${ruleText(renderRule(rule))}`;
}

function extraRule(chain: string, rule: ListedRule): string {
  return `rule should not be there: -A ${chain} ${ruleText(rule.tokens)}`;
}

function ruleText(tokens: readonly string[]): string {
  return tokens.map((token) => (/\s|"/.test(token) ? JSON.stringify(token) : token)).join(" ");
}

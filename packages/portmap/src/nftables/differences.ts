import type { Attachment } from "@cni-chain/core";
import {
  type Family,
  isSameRule,
  type ListedRule,
  type ListedTable,
  type Rule,
  type renderHook,
  renderRule,
} from "@cni-chain/nft-ts";
import type { Conflict } from "./conflicts.ts";
import { conflictTexts } from "./conflicts.ts";
import { entryChains, entryRule, type OwnRules, toMappings } from "./desired.ts";
import { missingGuard } from "./guard.ts";
import { findMade, isMadeAs, notAmong } from "./made-as.ts";
import { chains, hooks, table as name } from "./names.ts";
import { isOwn, rulesIn } from "./owner.ts";
import { compareJumps } from "./plan.ts";

export interface Expected {
  readonly attachment: Attachment;
  readonly own: OwnRules;
  readonly snat: boolean;
  readonly guarded: boolean;
}

/** Every difference between a table and what ADD makes of it, a line each. */
export function differences(
  family: Family,
  table: ListedTable | undefined,
  expected: Expected,
  conflicts: readonly Conflict[],
): string[] {
  if (table === undefined) return [`nft: table ${family} ${name} is missing`];
  const { attachment, own, snat, guarded } = expected;
  const lines = [
    ...chainDifferences(table, snat, guarded),
    ...jumpDifferences(family, table, chains.allMappings, toMappings),
    ...entryChains.flatMap((chain) => [
      ...jumpDifferences(family, table, chain, [entryRule]),
      ...cutOff(family, table, chain),
    ]),
    ...ownDifferences(family, table, chains.mappings, own.mappings, attachment),
    ...ownDifferences(family, table, chains.masquerade, own.masquerade, attachment),
    ...(guarded ? missingGuard(table).map((rule) => missing(family, chains.guard, rule)) : []),
    ...takenBefore(family, table, expected, conflicts),
  ];
  return lines.map((line) => `nft ${family} ${name}: ${line}`);
}

function chainDifferences(table: ListedTable, snat: boolean, guarded: boolean): string[] {
  const names = [
    chains.mappings,
    chains.legacyMappings,
    chains.allMappings,
    ...entryChains,
    ...(snat ? [chains.masquerade] : []),
    ...(guarded ? [chains.guard] : []),
  ];
  return names.flatMap((chain) => {
    const found = table.get(chain);
    if (found === undefined) return [`chain ${chain} is missing`];
    const [want, have] = [hookText(hooks[chain]), hookText(found.hook)];
    return want === have ? [] : [`chain ${chain}: expected ${want}, found ${have}`];
  });
}

function hookText(
  hook: Parameters<typeof renderHook>[0] | NonNullable<ReturnType<ListedTable["get"]>>["hook"],
) {
  return hook === undefined ? "no hook" : `type ${hook.type} hook ${hook.hook} priority ${hook.priority}`;
}

function jumpDifferences(
  family: Family,
  table: ListedTable,
  chain: string,
  wanted: readonly Rule[],
): string[] {
  const compared = compareJumps(family, table, chain, wanted);
  return [
    ...compared.missing.map((rule) => missing(family, chain, rule)),
    ...compared.extra.map((rule) => extra(chain, rule)),
  ];
}

/** A rule for every packet with a final verdict, in front of the jump. */
function cutOff(family: Family, table: ListedTable, chain: string): string[] {
  const rules = rulesIn(table, chain);
  const jumpAt = rules.findIndex((rule) => isSameRule(family, entryRule, rule));
  const cut = rules.slice(0, Math.max(0, jumpAt)).findIndex(({ expressions }) => {
    const [only, ...more] = expressions.filter((expression) => !isCounter(expression));
    return more.length === 0 && /^\{"(accept|drop|return)":/.test(JSON.stringify(only) ?? "");
  });
  return cut < 0 ? [] : [`chain ${chain}: the jump is not reached, rule ${cut + 1} ends every packet's way`];
}

function isCounter(expression: unknown): boolean {
  return typeof expression === "object" && expression !== null && "counter" in expression;
}

/** The container's rules; the reference plugin's, which lack our tag, are as good where they do the same. */
function ownDifferences(
  family: Family,
  table: ListedTable,
  chain: string,
  wanted: readonly Rule[],
  attachment: Attachment,
): string[] {
  const rules = rulesIn(table, chain);
  const found = findMade(family, wanted, rules);
  const own = rules.filter((rule) => isOwn(rule, attachment));
  const lines = [
    ...wanted.filter((_, at) => found[at] === undefined).map((rule) => missing(family, chain, rule)),
    ...notAmong(family, wanted, own).map((rule) => extra(chain, rule)),
  ];
  const order = found.map((rule) => (rule === undefined ? -1 : rules.indexOf(rule)));
  const isOrdered = order.every((at, index) => index === 0 || at >= (order[index - 1] ?? 0));
  return lines.length > 0 || isOrdered
    ? lines
    : [`chain ${chain} holds the container's rules in another order`];
}

/** Rules of other containers for our ports, in front of ours. */
function takenBefore(
  family: Family,
  table: ListedTable,
  { attachment, own }: Expected,
  conflicts: readonly Conflict[],
): string[] {
  if (conflicts.length === 0) return [];
  const order = [...rulesIn(table, chains.legacyMappings), ...rulesIn(table, chains.mappings)];
  const firstOwn = order.findIndex((rule) => own.mappings.some((one) => isMadeAs(family, one, rule)));
  const before = conflicts.filter(({ holder }) => firstOwn >= 0 && order.indexOf(holder.rule) < firstOwn);
  return conflictTexts(before, attachment).map((text) => `${text}, whose rule stands first`);
}

function missing(family: Family, chain: string, rule: Rule): string {
  return `rule is missing: ${chain} ${renderRule(family, rule)}`;
}

function extra(chain: string, { handle, expressions }: ListedRule): string {
  return `rule should not be there: ${chain} handle ${handle} ${JSON.stringify(expressions)}`;
}

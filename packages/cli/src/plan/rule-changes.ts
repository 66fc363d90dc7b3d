import { commandLine } from "@cni-chain/exec";
import { type ListedRule, type Rule, renderRule } from "@cni-chain/nft-ts";
import type { TableDifference } from "@cni-chain/nft-ts/dry-run";
import { type ListedRule as IptablesRule, ruleKeys } from "iptables-wrapper";
import type { ChainDifference } from "iptables-wrapper/dry-run";
import type { PlannedChange } from "./change.ts";
import { sequenceDifference } from "./sequence-difference.ts";

/** What becomes of chains of iptables and of their rules. */
export function iptablesChanges(differences: readonly ChainDifference[]): PlannedChange[] {
  return differences.flatMap(({ tool, table, chain, before, after }) => {
    const where = `${tool} ${table}`;
    const text = ({ tokens }: IptablesRule) => commandLine({ file: tokens[0] ?? "", argv: tokens.slice(1) });
    const key = (rule: IptablesRule) => ruleKeys(rule).join("\n");
    return [
      ...chainChange(where, chain, before !== undefined, after !== undefined),
      ...inChain(where, chain, sequenceDifference(before ?? [], after ?? [], key), after?.length ?? 0, text),
    ];
  });
}

/** Gives the text of rules that stand in the kernel, by family, table and handle. */
export type RuleTexts = (family: string, table: string, handle: number) => string | undefined;

/** What becomes of tables of nftables. */
export function nftChanges(
  differences: readonly TableDifference[],
  written: ReadonlyMap<number, Rule>,
  texts: RuleTexts,
): PlannedChange[] {
  return differences.flatMap(({ family, table, before, after }) => {
    const where = `nft ${family} ${table}`;
    const text = ({ handle, expressions }: ListedRule) => {
      const rule = written.get(handle);
      return rule === undefined
        ? (texts(family, table, handle) ?? JSON.stringify(expressions))
        : renderRule(family, rule);
    };
    const chains = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])]);
    const created: PlannedChange[] =
      before === undefined && after !== undefined
        ? [{ action: "add", kind: "table", where, what: `${family} ${table}` }]
        : [];
    return [
      ...created,
      ...[...chains].flatMap((chain) => {
        const [old, now] = [before?.get(chain), after?.get(chain)];
        const hook = (now ?? old)?.hook;
        const name = hook === undefined ? chain : `${chain} ${nftHook(hook)}`;
        return [
          ...chainChange(where, name, old !== undefined, now !== undefined),
          ...inChain(
            where,
            chain,
            sequenceDifference(old?.rules ?? [], now?.rules ?? [], text),
            now?.rules.length ?? 0,
            text,
          ),
        ];
      }),
    ];
  });
}

function nftHook({ type, hook, priority }: { type: string; hook: string; priority: number }): string {
  return `{ type ${type} hook ${hook} priority ${priority} ; }`;
}

function chainChange(where: string, what: string, was: boolean, is: boolean): PlannedChange[] {
  return was === is ? [] : [{ action: is ? "add" : "remove", kind: "chain", where, what }];
}

function inChain<T>(
  where: string,
  within: string,
  steps: ReturnType<typeof sequenceDifference<T>>,
  length: number,
  text: (rule: T) => string,
): PlannedChange[] {
  const last = steps.findLastIndex(({ action, at }) => action === "keep" && at >= 0);
  const keptBehind = last < 0 ? -1 : (steps[last]?.at ?? -1);
  return steps.flatMap(({ action, item, at }): PlannedChange[] => {
    if (action === "keep") return [];
    const position = at >= 0 && at < keptBehind && length > 1 ? { position: at + 1 } : {};
    return [{ action, kind: "rule", where, within, what: text(item), ...position }];
  });
}

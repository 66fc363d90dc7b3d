import type { Attachment } from "@cni-chain/core";
import {
  type Change,
  type Family,
  isSameRule,
  jumpTarget,
  type ListedRule,
  type ListedTable,
  type Rule,
} from "@cni-chain/nft-ts";
import { createMissing } from "./create-missing.ts";
import { entryChains, entryRule, type OwnRules, toMappings } from "./desired.ts";
import { chains, tableComment } from "./names.ts";
import { isOwn, rulesIn } from "./owner.ts";

/** What all containers share: the table, its chains, the way into them. */
export function sharedChanges(family: Family, table: ListedTable | undefined, snat: boolean): Change[] {
  const names = [
    chains.mappings,
    chains.legacyMappings,
    chains.allMappings,
    ...entryChains,
    ...(snat ? [chains.masquerade] : []),
  ];
  return [
    ...(table === undefined ? [{ kind: "addTable", comment: tableComment } as const] : []),
    ...createMissing(table, names),
    ...exactly(family, table, chains.allMappings, toMappings),
    ...entryChains.flatMap((chain) => exactly(family, table, chain, [entryRule])),
  ];
}

/**
 * Every wanted jump once and no other into our chains: the reference plugin writes them with the conditions
 * of the last container it added, which are nobody else's business.
 */
function exactly(
  family: Family,
  table: ListedTable | undefined,
  chain: string,
  wanted: readonly Rule[],
): Change[] {
  const { missing, extra } = compareJumps(family, table, chain, wanted);
  return [
    ...extra.map(({ handle }): Change => ({ kind: "deleteRule", chain, handle })),
    ...missing.map((rule): Change => ({ kind: "append", chain, rule })),
  ];
}

export function compareJumps(
  family: Family,
  table: ListedTable | undefined,
  chain: string,
  wanted: readonly Rule[],
): { missing: Rule[]; extra: ListedRule[] } {
  const ours: readonly string[] = [chains.allMappings, chains.mappings, chains.legacyMappings];
  const found = rulesIn(table, chain);
  const kept = wanted.map((rule) => found.find((listed) => isSameRule(family, rule, listed)));
  return {
    missing: wanted.filter((_, at) => kept[at] === undefined),
    extra: found.filter((rule) => ours.includes(jumpTarget(rule) ?? "") && !kept.includes(rule)),
  };
}

/**
 * Makes the container's own rules the wanted ones. They stand before those of others, so that a hostPort
 * somebody left behind cannot hold it back; `afresh` puts them there again where they stand already.
 */
export function ownChanges(
  family: Family,
  table: ListedTable | undefined,
  attachment: Attachment,
  wanted: OwnRules,
  afresh: boolean,
): Change[] {
  const own = (chain: string) => rulesIn(table, chain).filter((rule) => isOwn(rule, attachment));
  const [mappings, masquerade] = [own(chains.mappings), own(chains.masquerade)];
  const changes: Change[] = [];
  if (afresh || !isSame(family, mappings, wanted.mappings)) {
    changes.push(
      ...mappings.map((rule) => deletion(chains.mappings, rule)),
      ...wanted.mappings
        .toReversed()
        .map((rule): Change => ({ kind: "insertFirst", chain: chains.mappings, rule })),
    );
  }
  if (!isSame(family, masquerade, wanted.masquerade)) {
    changes.push(
      ...masquerade.map((rule) => deletion(chains.masquerade, rule)),
      ...wanted.masquerade.map((rule): Change => ({ kind: "append", chain: chains.masquerade, rule })),
    );
  }
  return changes;
}

/** Takes away all such rules of containers. Chains stay. */
export function removal(table: ListedTable | undefined, isGone: (rule: ListedRule) => boolean): Change[] {
  return [chains.mappings, chains.legacyMappings, chains.masquerade].flatMap((chain) =>
    rulesIn(table, chain)
      .filter(isGone)
      .map((rule) => deletion(chain, rule)),
  );
}

function deletion(chain: string, { handle }: ListedRule): Change {
  return { kind: "deleteRule", chain, handle };
}

function isSame(family: Family, found: readonly ListedRule[], wanted: readonly Rule[]): boolean {
  return (
    found.length === wanted.length &&
    wanted.every((rule, at) => {
      const listed = found[at];
      return listed !== undefined && isSameRule(family, rule, listed);
    })
  );
}

import { jumpTarget, type ListedRule, type ListedTable, metaValues } from "@cni-chain/nft-ts";
import { chains, isTag } from "@cni-chain/portmap/nftables/names";
import { listedForwards, rulesIn } from "@cni-chain/portmap/nftables/owner";
import type { Forward } from "./forward.ts";

/** What is forwarded, in the order the kernel tries it. */
export function nftablesForwards(family: Forward["family"], table: ListedTable): Forward[] {
  const isReachConditional = [chains.prerouting, chains.output]
    .flatMap((chain) => rulesIn(table, chain))
    .some((rule) => jumpTarget(rule) === chains.allMappings && matchCount(rule) > 1);
  const legacy = new Set(rulesIn(table, chains.legacyMappings));
  return listedForwards(table).map(({ forward, rule, owner }, place) => ({
    backend: "nftables",
    family,
    protocol: forward.protocol,
    hostAddress: forward.hostAddress,
    hostPort: forward.hostPort,
    podAddress: forward.address,
    podPort: forward.port,
    network: undefined,
    containerId: owner.containerId,
    networkTag: owner.network,
    chain: legacy.has(rule) ? chains.legacyMappings : chains.mappings,
    place,
    conditional: isReachConditional || hasConditions(rule, forward.hostAddress !== undefined),
    packets: undefined,
    bytes: undefined,
  }));
}

/** Matches beyond port, address and the network's tag; the tag of the conditions is one of them. */
function hasConditions(rule: ListedRule, isBound: boolean): boolean {
  const tags = metaValues(rule, "length", "!=").filter(isTag).length;
  return matchCount(rule) > 1 + (isBound ? 1 : 0) + Math.min(tags, 1);
}

function matchCount({ expressions }: ListedRule): number {
  return expressions.filter((one) => typeof one === "object" && one !== null && "match" in one).length;
}

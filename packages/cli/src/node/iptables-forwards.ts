import { chains } from "@cni-chain/portmap/iptables/chains";
import { listedEntries, listedForwards, ownerOf } from "@cni-chain/portmap/iptables/listed-forwards";
import { type CountedRule, clausesOf, type ListedRule } from "iptables-wrapper";
import type { Forward } from "./forward.ts";

/** Chains of table nat with their rules, by their names. */
export type CountedChains = ReadonlyMap<string, readonly CountedRule[]>;

/** The chain that all containers' entries stand in. */
export const sharedChain = chains.dnat;

/** The containers' own chains that the shared chain leads to, each once. */
export function containerChains(shared: CountedChains): string[] {
  return [...new Set(listedEntries(shared.get(sharedChain) ?? []).map(({ chain }) => chain))];
}

/**
 * What is forwarded, in the order the kernel tries it: entry by entry, and of each entry's chain the rules for the
 * entry's ports. A rule that no entry leads a packet to forwards nothing.
 */
export function iptablesForwards(
  where: Pick<Forward, "backend" | "family">,
  shared: CountedChains,
  own: CountedChains,
): Forward[] {
  const found: Forward[] = [];
  for (const rule of shared.get(sharedChain) ?? []) {
    const [entry] = listedEntries([rule]);
    if (entry === undefined) continue;
    const owner = ownerOf(entry);
    const isEntryConditional = hasOther(rule, entryOptions);
    for (const target of own.get(entry.chain) ?? []) {
      const [forward] = listedForwards([target]);
      if (forward === undefined || forward.protocol !== entry.protocol) continue;
      if (!entry.ports.includes(forward.hostPort)) continue;
      found.push({
        ...where,
        protocol: forward.protocol,
        hostAddress: forward.hostAddress,
        hostPort: forward.hostPort,
        podAddress: forward.address,
        podPort: forward.port,
        network: owner?.network,
        containerId: owner?.containerId,
        networkTag: undefined,
        chain: entry.chain,
        place: found.length,
        conditional: isEntryConditional || hasOther(target, targetOptions),
        packets: target.packets,
        bytes: target.bytes,
      });
    }
  }
  return found;
}

/** The options that portmap itself gives an entry, and a rule with the target; any other is a condition. */
const entryOptions = new Set(["-p", "-m", "--comment", "--dports", "--dport", "-j"]);
const targetOptions = new Set(["-p", "-m", "--dport", "-d", "-j", "--to-destination"]);

function hasOther(rule: ListedRule, options: ReadonlySet<string>): boolean {
  return clausesOf(rule).some(({ option, negated }) => negated || !options.has(option));
}

import { type Family, type Iptables, type Observed, reconcile, rulesOf, transaction } from "iptables-wrapper";
import type { Forward } from "../forwards.ts";
import { chains } from "./chains.ts";
import { listedEntries, listedForwards, ownerOf } from "./listed-forwards.ts";
import { absenceOf } from "./plan.ts";

/**
 * Removes the rules of every container of a network but the valid ones, by the owner each entry names, in
 * one transaction. An entry that names nobody (a comment cut at 255 characters), or not its chain's owner, stays. Gives what
 * went.
 */
export async function collectStale(
  iptables: Iptables,
  family: Family,
  network: string,
  validContainers: ReadonlySet<string>,
): Promise<Forward[]> {
  let stale: Observed = new Map();
  await reconcile(iptables, {
    family,
    chains: { nat: [chains.dnat] },
    accuracy: "exact",
    async plan({ nat = new Map() }) {
      if (nat.get(chains.dnat)?.kind === "absent") await makeSure(iptables, family);
      const names = staleChains(nat, network, validContainers);
      stale =
        names.length === 0
          ? new Map()
          : ((await iptables.observe(family, { nat: names }, "exact")).nat ?? stale);
      const known = new Map([...nat, ...stale]);
      return { nat: transaction(known, absenceOf(names)) };
    },
  });
  return [...stale.keys()].flatMap((chain) => listedForwards(rulesOf(stale, chain) ?? []));
}

/** A tool that fails answers like one that finds no such chain: one that works has a built-in chain to show. */
async function makeSure(iptables: Iptables, family: Family): Promise<void> {
  if (await iptables.tellsMissing?.(family)) return;
  await iptables.observe(family, { nat: ["PREROUTING"] }, "exact");
}

function staleChains(nat: Observed, network: string, validContainers: ReadonlySet<string>): string[] {
  const stale = listedEntries(rulesOf(nat, chains.dnat) ?? []).filter((entry) => {
    if (entry.owner?.network !== network || validContainers.has(entry.owner.containerId)) return false;
    return ownerOf(entry) !== undefined;
  });
  return [...new Set(stale.map(({ chain }) => chain))];
}

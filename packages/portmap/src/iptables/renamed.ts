import type { Attachment } from "@cni-chain/core";
import { type Family, type Iptables, type Observed, rulesOf } from "iptables-wrapper";
import type { Addresses } from "../backend.ts";
import { chains, containerChain } from "./chains.ts";
import { listedEntries, listedForwards, ownerOf } from "./listed-forwards.ts";

/**
 * The chains this attachment had under an earlier name of its network: where it has none under the present
 * one, those of the same container that lead nowhere but to its interface's addresses. Another network's
 * chain leads to another interface.
 */
export async function renamedChains(
  iptables: Iptables,
  family: Family,
  nat: Observed,
  attachment: Attachment,
  addresses: Addresses,
): Promise<Observed> {
  if (rulesOf(nat, containerChain(attachment)) !== undefined) return new Map();
  const entries = listedEntries(rulesOf(nat, chains.dnat) ?? []);
  const candidates = entries.filter((entry) => {
    return entry.owner?.containerId === attachment.containerId && ownerOf(entry) !== undefined;
  });
  if (candidates.length === 0) return new Map();
  const own = await addresses();
  const names = [...new Set(candidates.map(({ chain }) => chain))];
  const { nat: theirs = new Map() } = await iptables.observe(family, { nat: names }, "exact");
  return new Map(
    [...theirs].filter(([chain]) => {
      const forwards = listedForwards(rulesOf(theirs, chain) ?? []);
      return forwards.length > 0 && forwards.every(({ address }) => own.includes(address));
    }),
  );
}

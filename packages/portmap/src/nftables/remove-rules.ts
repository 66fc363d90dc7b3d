import type { Attachment } from "@cni-chain/core";
import { type ListedRule, type ListedTable, type Nftables, reconcile } from "@cni-chain/nft-ts";
import type { Family } from "iptables-wrapper";
import { type Hints, noAddresses } from "../backend.ts";
import type { Forward } from "../forwards.ts";
import type { Host } from "../tools.ts";
import { closeUnusedLoopback } from "./close-loopback.ts";
import { nftFamily, table, tagOf } from "./names.ts";
import { isOwnOrUntagged, listedForwards, ownerOf, renamedTags } from "./owner.ts";
import { removal } from "./plan.ts";

/** Removes the container's rules, and gives what they forwarded. */
export function removeRules(
  attachment: Attachment,
  family: Family,
  { addresses = noAddresses }: Hints,
  nftables: Nftables,
  host: Host,
): Promise<readonly Forward[]> {
  let renamed = new Set<number>();
  const isGone = (rule: ListedRule) => {
    const { containerId, network } = ownerOf(rule);
    const isRenamed = network !== undefined && renamed.has(network);
    return isOwnOrUntagged(rule, attachment) || (containerId === attachment.containerId && isRenamed);
  };
  return removeWhere(attachment.network, family, isGone, nftables, host, async (observed) => {
    const forwards = listedForwards(observed);
    const isKnown = forwards.some(({ rule }) => isOwnOrUntagged(rule, attachment));
    const isCandidate = forwards.some(({ owner }) => owner.containerId === attachment.containerId);
    renamed = !isKnown && isCandidate ? renamedTags(forwards, attachment, await addresses()) : new Set();
  });
}

/**
 * Removes the rules of every container of a network but the valid ones, and gives what they forwarded. Rules without a
 * tag could be any network's and stay.
 */
export function collectStale(
  network: string,
  validContainers: ReadonlySet<string>,
  family: Family,
  nftables: Nftables,
  host: Host,
): Promise<readonly Forward[]> {
  const isGone = (rule: ListedRule) => {
    const owner = ownerOf(rule);
    return owner.network === tagOf(network) && !validContainers.has(owner.containerId ?? "");
  };
  return removeWhere(network, family, isGone, nftables, host);
}

/**
 * Removes every rule of which `isGone` is true, closes what nobody needs any more, and gives what went. `look` is shown
 * what is there before each try.
 */
async function removeWhere(
  network: string,
  family: Family,
  isGone: (rule: ListedRule) => boolean,
  nftables: Nftables,
  host: Host,
  look: (observed: ListedTable | undefined) => Promise<void> = async () => {},
): Promise<readonly Forward[]> {
  const observed = await reconcile(nftables, {
    family: nftFamily(family),
    table,
    async plan(observed) {
      await look(observed);
      return removal(observed, isGone);
    },
  });
  const removed = listedForwards(observed)
    .filter(({ rule }) => isGone(rule))
    .map(({ forward }) => forward);
  if (family === "v4") await closeUnusedLoopback(network, removed, observed, nftables, host);
  return removed;
}

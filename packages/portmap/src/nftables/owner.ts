import type { Attachment } from "@cni-chain/core";
import { type ListedRule, type ListedTable, listedDnat, metaValues } from "@cni-chain/nft-ts";
import type { Forward } from "../forwards.ts";
import { chains, isTag, tagOf } from "./names.ts";

/** Whose a rule is, as far as it tells. */
export interface Owner {
  readonly containerId: string | undefined;
  /** Tag of the network; undefined in rules of the reference plugin, which do not say. */
  readonly network: number | undefined;
}

/** By the rule, and what is forwarded by the table: whoever looks at many containers asks for each of them. */
const owners = new WeakMap<ListedRule, Owner>();
const forwardsOf = new WeakMap<ListedTable, readonly OwnedForward[]>();

export function ownerOf(rule: ListedRule): Owner {
  const known = owners.get(rule);
  if (known !== undefined) return known;
  const owner = { containerId: rule.comment, network: metaValues(rule, "length", "!=").find(isTag) };
  owners.set(rule, owner);
  return owner;
}

/** True for rules that this plugin made for the attachment. */
export function isOwn(rule: ListedRule, { containerId, network }: Attachment): boolean {
  return rule.comment === containerId && ownerOf(rule).network === tagOf(network);
}

/** True for those and for rules of the reference plugin for the container, on whatever network. */
export function isOwnOrUntagged(rule: ListedRule, attachment: Attachment): boolean {
  const owner = ownerOf(rule);
  return (
    isOwn(rule, attachment) || (owner.containerId === attachment.containerId && owner.network === undefined)
  );
}

/**
 * The tags of the attachment's rules from before its network was renamed: those of the same container that lead
 * nowhere but to its interface's addresses.
 */
export function renamedTags(
  forwards: readonly OwnedForward[],
  { containerId }: Attachment,
  addresses: readonly string[],
): Set<number> {
  const candidates = forwards.filter(({ owner }) => owner.containerId === containerId);
  const elsewhere = candidates.filter(({ forward }) => !addresses.includes(forward.address));
  const tags = candidates.flatMap(({ owner }) => owner.network ?? []);
  return new Set(tags.filter((tag) => !elsewhere.some(({ owner }) => owner.network === tag)));
}

/** A forward that stands in the table, and whose it is. */
export interface OwnedForward {
  readonly forward: Forward;
  readonly rule: ListedRule;
  readonly owner: Owner;
}

/** Every forwarded port, in the order the kernel looks at them. */
export function listedForwards(table: ListedTable | undefined): readonly OwnedForward[] {
  if (table === undefined) return [];
  const forwards = forwardsOf.get(table) ?? readForwards(table);
  forwardsOf.set(table, forwards);
  return forwards;
}

function readForwards(table: ListedTable): OwnedForward[] {
  return [chains.legacyMappings, chains.mappings].flatMap((chain) =>
    rulesIn(table, chain).flatMap((rule) => {
      const dnat = listedDnat(rule);
      if (dnat === undefined) return [];
      const { protocol, port: hostPort, destination: hostAddress, to } = dnat;
      return [{ forward: { protocol, hostPort, hostAddress, ...to }, rule, owner: ownerOf(rule) }];
    }),
  );
}

export function rulesIn(table: ListedTable | undefined, chain: string): readonly ListedRule[] {
  return table?.get(chain)?.rules ?? [];
}

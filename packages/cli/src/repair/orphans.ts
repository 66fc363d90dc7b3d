import type { Standing } from "@cni-chain/portmap/restore";
import type { CachedAttachment } from "../libcni/cache.ts";

/** What is known of an attachment's network namespace: `unknown` where the cache names none, or it could not be looked at. */
export type NetnsStanding = "present" | "gone" | "unknown";

export interface Evidence {
  readonly attachments: readonly CachedAttachment[];
  netnsOf(attachment: CachedAttachment): NetnsStanding;
  /** True where no namespace of the node has the address; undefined where that cannot be told. Costs time. */
  isNowhere(address: string): boolean | undefined;
}

/** Whose rules these are, as far as it can be proven. */
export type Verdict =
  | { readonly kind: "owned"; readonly attachment: CachedAttachment }
  /** Nobody knows them, but nothing proves that they are nobody's: as while an ADD is under way. */
  | { readonly kind: "unknown" }
  | { readonly kind: "orphan"; readonly proof: string };

/**
 * An orphan needs proof: its attachment's namespace is gone, or no attachment is known and no namespace of the node has an
 * address that the rules lead to. That the cache does not know it proves nothing: an ADD writes its entry last.
 */
export function verdictOn({ isOf, forwards }: Standing, evidence: Evidence): Verdict {
  const owners = evidence.attachments.filter((attachment) => isOf(attachment));
  const living = owners.find((attachment) => evidence.netnsOf(attachment) !== "gone");
  if (living !== undefined) return { kind: "owned", attachment: living };
  const [owner] = owners;
  if (owner !== undefined) {
    return { kind: "orphan", proof: `network namespace ${owner.netns} of its attachment is gone` };
  }
  const addresses = [...new Set(forwards.map(({ address }) => address))];
  if (addresses.length === 0 || !addresses.every((address) => evidence.isNowhere(address) === true)) {
    return { kind: "unknown" };
  }
  const list = addresses.join(", ");
  return { kind: "orphan", proof: `no attachment is known, and no network namespace here has ${list}` };
}

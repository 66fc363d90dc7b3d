import { isIdentifier, isIfname } from "@cni-chain/core";
import { UsageError } from "../failure.ts";
import type { CachedAttachment } from "./cache.ts";

export interface AttachmentId {
  readonly containerId: string;
  readonly ifname: string;
}

/** Reads `--valid`: ID:IFNAME. Throws UsageError. */
export function parseValid(text: string): AttachmentId {
  const at = text.indexOf(":");
  const [containerId, ifname] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  if (isIdentifier(containerId) && isIfname(ifname)) return { containerId, ifname };
  throw new UsageError(`--valid ${text}: write ID:IFNAME, as 4f2a:eth0`);
}

/** Why an attachment is kept or not. */
type Standing = "listed" | "netns stands" | "netns unknown" | "netns gone" | "not listed";

export interface Judged {
  readonly attachment: CachedAttachment;
  readonly valid: boolean;
  readonly why: Standing;
}

/**
 * What of the cache is still valid: those listed, where there is a list; else those whose network namespace stands. One
 * without a known namespace is kept, as nothing proves it gone.
 */
export function judge(
  attachments: readonly CachedAttachment[],
  listed: readonly AttachmentId[] | undefined,
  netnsStands: (path: string) => boolean,
): readonly Judged[] {
  return attachments.map((attachment) => {
    const why = standing(attachment, listed, netnsStands);
    return { attachment, valid: why !== "netns gone" && why !== "not listed", why };
  });
}

function standing(
  attachment: CachedAttachment,
  listed: readonly AttachmentId[] | undefined,
  netnsStands: (path: string) => boolean,
): Standing {
  if (listed !== undefined) return listed.some((one) => isSame(one, attachment)) ? "listed" : "not listed";
  if (attachment.netns === undefined) return "netns unknown";
  return netnsStands(attachment.netns) ? "netns stands" : "netns gone";
}

export const isSame = (a: AttachmentId, b: AttachmentId): boolean =>
  a.containerId === b.containerId && a.ifname === b.ifname;

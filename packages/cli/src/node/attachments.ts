import { type NetnsState, netnsState } from "@cni-chain/ip-ts";
import { type CachedAttachment, type CacheProblem, readCache } from "../libcni/cache.ts";
import type { KnownAttachment } from "./owner.ts";

/** The cache's attachments with the state of their namespaces, and what of the cache could not be read. Throws Failure. */
export async function knownAttachments(
  cacheDir?: string,
): Promise<{ readonly attachments: readonly KnownAttachment[]; readonly problems: readonly CacheProblem[] }> {
  const { attachments, problems } = await readCache(cacheDir);
  return { attachments: withNetnsState(attachments), problems };
}

export function withNetnsState(attachments: readonly CachedAttachment[]): readonly KnownAttachment[] {
  return attachments.map((one) => ({ ...one, netnsState: stateAt(one.netns) }));
}

function stateAt(netns: string | undefined): NetnsState | "unknown" {
  if (netns === undefined) return "unknown";
  try {
    return netnsState(netns);
  } catch {
    // Somewhere we may not look.
    return "unknown";
  }
}

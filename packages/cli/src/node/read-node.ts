import { knownAttachments } from "./attachments.ts";
import { readForwards } from "./forwards.ts";
import { type LimitRow, limitRows, type PortRow, portRows } from "./rows.ts";
import { readShaped } from "./shaped.ts";
import type { NodeTools } from "./tools.ts";

/** What portmap and bandwidth have made on this node, and whose it is. */
export interface NodeView {
  readonly ports: readonly PortRow[];
  readonly limits: readonly LimitRow[];
  /** What could not be looked at, a sentence each. */
  readonly problems: readonly string[];
}

/** Looks at rules, links and the cache. Needs CAP_NET_ADMIN; throws Failure, NetlinkError. */
export async function readNode(tools: NodeTools, cacheDir?: string): Promise<NodeView> {
  const [{ forwards, problems }, shaped, cache] = await Promise.all([
    readForwards(tools),
    readShaped(tools.netlink),
    knownAttachments(cacheDir),
  ]);
  return {
    ports: portRows(forwards, cache.attachments),
    limits: limitRows(shaped, cache.attachments),
    problems: [...problems, ...cache.problems.map(({ file, message }) => `${file}: ${message}`)],
  };
}

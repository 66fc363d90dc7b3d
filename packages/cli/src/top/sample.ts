import { Failure } from "../failure.ts";
import { knownAttachments } from "../node/attachments.ts";
import type { KnownAttachment } from "../node/owner.ts";
import { limitRows } from "../node/rows.ts";
import { readShapedAt } from "../node/shaped.ts";
import { nodeTools } from "../node/tools.ts";
import type { Sample } from "./rates.ts";

/** Reads the counters, and the cache for the pods' names, which need no rights but the cache's own. */
export async function takeSample(cacheDir: string): Promise<Sample> {
  const { atMs, shaped } = await readShapedAt(nodeTools().netlink);
  return { atMs, rows: limitRows(shaped, await namesIn(cacheDir)) };
}

/** Without the right to read the cache there are devices to look at all the same. */
async function namesIn(cacheDir: string): Promise<readonly KnownAttachment[]> {
  try {
    return (await knownAttachments(cacheDir)).attachments;
  } catch (error) {
    if (error instanceof Failure) return [];
    throw error;
  }
}

import { CniError, ErrorCode } from "@cni-chain/core";
import { type Nftables, reconcile } from "@cni-chain/nft-ts";
import type { Request } from "../backend.ts";
import { refuseHeld } from "../conflict.ts";
import { wantedForwards } from "../forwards.ts";
import { isLoopbackOpen, openLoopback } from "../loopback.ts";
import type { Host } from "../tools.ts";
import { conflictTexts, findConflicts } from "./conflicts.ts";
import { ownRules } from "./desired.ts";
import { guardChanges } from "./guard.ts";
import { nftFamily, table } from "./names.ts";
import { ownChanges, sharedChanges } from "./plan.ts";

/** Longest comment of a rule, in bytes (NFTNL_UDATA_COMMENT_MAXLEN): the container ID has to fit. */
const longestContainerId = 128;

/**
 * Makes the container's rules what the request says, in one transaction, and lets packets from 127.0.0.1 out to it
 * once they are guarded. Throws CniError 4 where the container ID is too long for a comment, 102 where a host port is
 * held that is not to be taken over.
 */
export async function addRules(request: Request, nftables: Nftables, { kernel }: Host): Promise<void> {
  const { attachment, config, destination, warn } = request;
  const family = nftFamily(destination.family);
  const wanted = wantedForwards(config.portMappings, destination);
  requireShortId(request);
  const told = new Set<string>();
  await reconcile(nftables, {
    family,
    table,
    async plan(observed) {
      const conflicts = findConflicts(observed, attachment, wanted);
      const texts = conflictTexts(conflicts, attachment);
      if (texts.length > 0 && config.onConflict === "refuse") refuseHeld(texts);
      for (const text of texts.filter((text) => !told.has(text))) {
        told.add(text);
        warn(`${text}; it is taken over`);
      }
      const device = await request.loopbackDevice;
      const opened = device !== undefined && !isLoopbackOpen(kernel, device) ? device : undefined;
      return [
        ...sharedChanges(family, observed, config.snat),
        ...(device === undefined ? [] : guardChanges(observed, opened)),
        ...ownChanges(
          family,
          observed,
          attachment,
          ownRules(attachment, config, destination),
          texts.length > 0,
        ),
      ];
    },
  });
  const device = await request.loopbackDevice;
  if (device !== undefined) openLoopback(kernel, device);
}

function requireShortId({ attachment: { containerId } }: Request): void {
  if (containerId.length <= longestContainerId) return;
  throw new CniError(
    ErrorCode.invalidEnvironment,
    `CNI_CONTAINERID: ${containerId.length} characters; the nftables backend takes up to ${longestContainerId}, as nft does in a comment`,
  );
}

import type { Nftables } from "@cni-chain/nft-ts";
import type { Request } from "../backend.ts";
import { wantedForwards } from "../forwards.ts";
import { loopbackDifference } from "../loopback.ts";
import type { Host } from "../tools.ts";
import { findConflicts } from "./conflicts.ts";
import { ownRules } from "./desired.ts";
import { differences } from "./differences.ts";
import { nftFamily, table } from "./names.ts";

/** Every difference between what ADD makes and what is there. */
export async function checkRules(
  { attachment, config, destination, loopbackDevice }: Request,
  nftables: Nftables,
  { kernel }: Host,
): Promise<string[]> {
  const family = nftFamily(destination.family);
  const [observed, device] = await Promise.all([nftables.observe(family, table), loopbackDevice]);
  const conflicts = findConflicts(observed, attachment, wantedForwards(config.portMappings, destination));
  const expected = {
    attachment,
    own: ownRules(attachment, config, destination),
    snat: config.snat,
    guarded: device !== undefined,
  };
  return [
    ...differences(family, observed, expected, conflicts),
    ...(device === undefined ? [] : loopbackDifference(kernel, device)),
  ];
}

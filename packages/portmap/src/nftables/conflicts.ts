import type { Attachment } from "@cni-chain/core";
import type { ListedTable } from "@cni-chain/nft-ts";
import { heldBy } from "../conflict.ts";
import { type Forward, overlap } from "../forwards.ts";
import { tagOf } from "./names.ts";
import { listedForwards, type OwnedForward } from "./owner.ts";

/** A host port that another container's rules forward already. */
export interface Conflict {
  readonly wanted: Forward;
  readonly holder: OwnedForward;
}

/** The forwards of other attachments that overlap with the wanted ones. */
export function findConflicts(
  table: ListedTable | undefined,
  { containerId, network }: Attachment,
  wanted: readonly Forward[],
): Conflict[] {
  const own = tagOf(network);
  const others = listedForwards(table).filter(
    ({ owner }) => owner.containerId !== containerId || (owner.network ?? own) !== own,
  );
  return wanted.flatMap((forward) =>
    others.filter((other) => overlap(forward, other.forward)).map((holder) => ({ wanted: forward, holder })),
  );
}

/** The sentences that name who has the ports, each once. The tag tells our own network from others, not their names. */
export function conflictTexts(conflicts: readonly Conflict[], { network }: Attachment): string[] {
  return [
    ...new Set(
      conflicts.map(({ wanted, holder: { owner } }) => {
        const container = owner.containerId ?? "unknown";
        const where = owner.network === tagOf(network) ? ` on network ${network}` : " on another network";
        return heldBy(wanted, `container ${container}${owner.network === undefined ? "" : where}`);
      }),
    ),
  ];
}

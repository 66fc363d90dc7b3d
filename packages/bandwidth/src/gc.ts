import { type GcCall, throwAll } from "@cni-chain/core";
import type { TrafficControl } from "tc-ts";
import { clearVeths } from "./clear-veth.ts";
import type { Network } from "./network.ts";
import { leadsTo, type ShapedVeth } from "./plan-removal.ts";
import { type StaleIfb, staleIfbs } from "./stale.ts";

/**
 * Removes the ifbs of this network's stale attachments, and our qdiscs and filters from those of their veths that are
 * still there. Goes on past failures and throws all of them together.
 */
export async function gc({ network, valid }: GcCall, open: () => Promise<Network>): Promise<void> {
  const { links: on, tc } = await open();
  const stale = staleIfbs(await on.ofKinds(["ifb", "veth"]), network, valid);
  const names = stale.map(({ ifb }) => ifb);
  // Filters first: redirecting to a link that is gone, they would drop every packet.
  const veths = await shapedVeths(tc, stale)
    .then((found) => clearVeths(tc, found))
    .catch((error: unknown) => [error]);
  const links = await on.deleteAll(names).then(
    () => [],
    (error: unknown) => [error],
  );
  throwAll([...veths, ...links]);
}

/** Only a filter that leads into the ifb proves that the veth is not a new container's of the same name. */
async function shapedVeths(tc: TrafficControl, stale: readonly StaleIfb[]): Promise<readonly ShapedVeth[]> {
  const names = new Set(stale.flatMap(({ veth }) => veth ?? []));
  const shapings = await tc.observe([...names]);
  return stale.flatMap(({ veth = "", ifb }) => {
    const shaping = shapings.get(veth);
    const found = shaping === undefined ? undefined : { veth, shaping, ifb, isNamed: true };
    return found !== undefined && leadsTo(found) ? [found] : [];
  });
}

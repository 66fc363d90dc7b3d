import { type GcCall, throwAll } from "@cni-chain/core";
import type { Runner } from "@cni-chain/exec";
import { deleteLinks, linksOfKinds } from "@cni-chain/ip-ts";
import { observe } from "tc-ts";
import { clearVeths, type ShapedVeth } from "./clear-veth.ts";
import { leadsTo } from "./plan-removal.ts";
import { type StaleIfb, staleIfbs } from "./stale.ts";

/**
 * Removes the ifbs of this network's stale attachments, and our qdiscs and filters from those of their veths that are
 * still there. One process when nothing is stale, two when something is, four when a veth has stayed. Goes on past
 * failures and throws all of them together.
 */
export async function gc({ network, valid }: GcCall, runner: Runner): Promise<void> {
  const stale = staleIfbs(await linksOfKinds(runner, ["ifb", "veth"]), network, valid);
  const names = stale.map(({ ifb }) => ifb);
  // Filters first: redirecting to a link that is gone, they would drop every packet.
  const veths = await shapedVeths(runner, stale)
    .then((found) => clearVeths(runner, found))
    .catch((error: unknown) => [error]);
  const links = await deleteLinks(runner, names).then(
    () => [],
    (error: unknown) => [error],
  );
  throwAll([...veths, ...links]);
}

/** Only a filter that leads into the ifb proves that the veth is not a new container's of the same name. */
async function shapedVeths(runner: Runner, stale: readonly StaleIfb[]): Promise<readonly ShapedVeth[]> {
  const names = new Set(stale.flatMap(({ veth }) => veth ?? []));
  const shapings = await observe(runner, [...names]);
  return stale.flatMap(({ veth = "", ifb }) => {
    const shaping = shapings.get(veth);
    return shaping !== undefined && leadsTo(shaping, ifb) ? [{ veth, shaping, ifb }] : [];
  });
}

import type { DelCall } from "@cni-chain/core";
import { type Link, type Links, netnsState } from "@cni-chain/ip-ts";
import type { TrafficControl } from "tc-ts";
import { clearVeth } from "./clear-veth.ts";
import { hostInterfaces, otherEnd } from "./host-veth.ts";
import { ifbName, vethOfOwnerText } from "./names.ts";
import type { Network } from "./network.ts";
import { leadsTo } from "./plan-removal.ts";

/**
 * Removes the ifb, and our qdiscs and filters from the host's veth where that is still there. Goes by names and what
 * it finds; what is gone already is success. One failure does not keep the rest from being removed.
 */
export async function del(call: DelCall, open: () => Promise<Network>): Promise<void> {
  const { links: on, tc } = await open();
  const ifb = ifbName(call.attachment);
  const told = hostInterfaces(call.prevResult);
  const [inside, outside] = await Promise.allSettled([
    told.length === 0 ? undefined : containerLink(call, on),
    on.observe([...new Set([...told, ifb])]),
  ]);
  if (outside.status === "rejected") throw outside.reason;
  const links = outside.value;
  const container = inside.status === "fulfilled" ? inside.value : undefined;
  const [veths] = await Promise.allSettled([clearVeths(tc, container, links, ifb)]);
  const [link] = await Promise.allSettled([links.get(ifb)?.kind === "ifb" ? on.delete(ifb) : undefined]);
  const failures = [inside, veths, link].flatMap((outcome) =>
    outcome.status === "rejected" ? [outcome.reason] : [],
  );
  for (const reason of failures.slice(1))
    call.warn(reason instanceof Error ? reason.message : String(reason));
  if (failures.length > 0) throw failures[0];
}

/**
 * A veth is ours when the plugins before have listed it and it is the other end of the container's, or when its filter
 * leads into our ifb. The container's end alone proves nothing: its path may be that of another container by now.
 *
 * The filter goes before the ifb: redirecting to a link that is gone, it would drop all of the container's packets.
 */
async function clearVeths(
  tc: TrafficControl,
  container: Link | undefined,
  links: ReadonlyMap<string, Link>,
  ifb: string,
): Promise<void> {
  const certain = container === undefined ? undefined : otherEnd(container, links.values());
  const candidates = certain === undefined ? likelyVeths(links, ifb) : [certain.name];
  const named = vethOfOwnerText(links.get(ifb)?.alias);
  for (const [veth, shaping] of await tc.observe(candidates)) {
    const found = { veth, shaping, ifb, isNamed: veth === named };
    if (certain === undefined && !leadsTo(found)) continue;
    await clearVeth(tc, found);
  }
}

function likelyVeths(links: ReadonlyMap<string, Link>, ifb: string): readonly string[] {
  const found = links.get(ifb);
  if (found === undefined) return [];
  const told = [...links.values()].filter(({ kind }) => kind === "veth").map(({ name }) => name);
  return [...new Set([vethOfOwnerText(found.alias) ?? [], told].flat())];
}

/** The container's end; undefined when the namespace or the interface is gone, or its path leads to nothing that can be told. */
async function containerLink({ netns, attachment, warn }: DelCall, links: Links): Promise<Link | undefined> {
  try {
    if (netns === undefined || netnsState(netns) !== "present") return undefined;
  } catch (error) {
    warn(`CNI_NETNS is not used: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  try {
    return (await links.observe([attachment.ifname], { netns })).get(attachment.ifname);
  } catch (error) {
    if (netnsState(netns) !== "present") return undefined;
    throw error;
  }
}

import type { Link } from "@cni-chain/ip-ts";
import { linksByNetlink } from "@cni-chain/ip-ts/netlink";
import { type Exchange, exchangeOver, type OpenSocket } from "@cni-chain/netlink";
import { countedQdiscs } from "tc-ts/counters";
import { arrivingUnlessGone } from "./arriving.ts";
import { shapedDevices } from "./shaped-devices.ts";
import type { Shaped } from "./shaping.ts";

/**
 * Every pod whose traffic is limited, with the counters of its limits: by rtnetlink, no process and no rights needed.
 * Throws NetlinkError.
 */
export async function readShaped(open: OpenSocket): Promise<readonly Shaped[]> {
  return (await readShapedAt(open)).shaped;
}

/** The same, and when the counters were read: in milliseconds of performance.now(). */
export async function readShapedAt(
  open: OpenSocket,
): Promise<{ readonly atMs: number; readonly shaped: readonly Shaped[] }> {
  const links = await linksByNetlink(open).ofKinds(["veth", "ifb"]);
  const socket = open();
  try {
    const exchange = exchangeOver(socket);
    const atMs = performance.now();
    const qdiscs = countedQdiscs(exchange);
    const hooked = new Set(
      qdiscs
        .filter(({ qdisc }) => qdisc.kind === "ingress" || qdisc.kind === "clsact")
        .map(({ ifindex }) => ifindex),
    );
    const redirects = new Map(
      links
        .filter(({ kind, ifindex }) => kind === "veth" && hooked.has(ifindex))
        .map((link) => [link.ifindex, targets(exchange, link)]),
    );
    return { atMs, shaped: shapedDevices({ links, qdiscs, redirects }) };
  } finally {
    socket.close();
  }
}

function targets(exchange: Exchange, { name, ifindex }: Link): readonly number[] {
  const filters = arrivingUnlessGone(exchange, name, ifindex) ?? [];
  return filters.flatMap((filter) => (filter.kind === "redirect" ? [filter.targetIndex] : []));
}

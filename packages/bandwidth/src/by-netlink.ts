import { linksByNetlink } from "@cni-chain/ip-ts/netlink";
import { netlinkSockets } from "@cni-chain/netlink/bun";
import { trafficControlByNetlink } from "tc-ts/netlink";
import type { Network } from "./network.ts";

/** By rtnetlink in this process; undefined where the engine cannot make sockets to the kernel. */
export function byNetlink(): Network | undefined {
  const open = netlinkSockets();
  return open === undefined ? undefined : { links: linksByNetlink(open), tc: trafficControlByNetlink(open) };
}

import type { Links } from "@cni-chain/ip-ts";
import { linksByNetlink } from "@cni-chain/ip-ts/netlink";
import { netlinkSockets } from "@cni-chain/netlink/bun";

/** By rtnetlink in this process; undefined where the engine cannot make sockets to the kernel. */
export function byNetlink(): Links | undefined {
  const open = netlinkSockets();
  return open === undefined ? undefined : linksByNetlink(open);
}

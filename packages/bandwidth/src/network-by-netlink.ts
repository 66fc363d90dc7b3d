import { linksByNetlink } from "@cni-chain/ip-ts/netlink";
import type { OpenSocket } from "@cni-chain/netlink";
import { trafficControlByNetlink } from "tc-ts/netlink";
import type { Network } from "./network.ts";

/** By rtnetlink, in this process. */
export function networkByNetlink(open: OpenSocket): Network {
  return { links: linksByNetlink(open), tc: trafficControlByNetlink(open) };
}

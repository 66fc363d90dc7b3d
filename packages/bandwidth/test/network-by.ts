import type { PrivateNode } from "@cni-chain/e2e/lib/private-node.ts";
import { linksByNetlink } from "@cni-chain/ip-ts/netlink";
import { homeSockets } from "@cni-chain/netlink/test/home-sockets.ts";
import { trafficControlByNetlink } from "tc-ts/netlink";
import { type Network, networkByTools } from "../src/network.ts";

/** The node's network by either way there is to reach it. */
export async function networkBy(way: "tools" | "netlink", node: PrivateNode): Promise<Network> {
  if (way === "tools") return networkByTools(node.runner);
  const open = await homeSockets(node);
  return { links: linksByNetlink(open), tc: trafficControlByNetlink(open) };
}

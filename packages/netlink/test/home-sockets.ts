import type { OpenSocket } from "@cni-chain/netlink";
import { netlinkSockets } from "@cni-chain/netlink/bun";

/** A node of the test harness: commands run inside, a name of `ip netns` as a path of this process. */
interface Inside {
  run(line: string): Promise<string>;
  netns(name: string): string;
}

/** Sockets of this process that are at home in that node. */
export async function homeSockets(node: Inside): Promise<OpenSocket> {
  await node.run("touch /run/netns/home");
  await node.run("mount --bind /proc/self/ns/net /run/netns/home");
  const open = netlinkSockets(node.netns("home"));
  if (open === undefined) throw new Error("this engine cannot call the C library");
  return open;
}

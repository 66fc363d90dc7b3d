import type { Node } from "../lib/node.ts";

/**
 * What a snapshot leaves out: files, processes, addresses, routes, settings of the network, and the pods' own links.
 * Left out is what the kernel changes by itself: times, carriers, and the qdisc of a lo that has been up.
 */
const look = `
find /run /var/lib -path /run/foreign -prune -o ! -name xtables.lock -print
for process in /proc/[0-9]*; do read -r name <$process/comm && echo "process $name"; done 2>/dev/null
ip -o address show | sed 's/^[0-9]*: /address /; s/ valid_lft.*//'
for family in -4 -6; do ip $family route show table all; ip $family rule; done | sed 's/^/route /; s/ expires [0-9]*sec//; s/ linkdown//'
grep -rs . /proc/sys/net/ipv4 /proc/sys/net/ipv6; true`;

const lookIntoPods = `
for pod in $(ls /run/netns); do ip -netns $pod -o link show | sed "s/^/$pod /; s/ qdisc [a-z]*//"; done`;

/** What somebody might have left behind on a node. The shared /var/lib of the machine is put aside for it. */
export async function remainsOn(node: Node): Promise<readonly string[]> {
  const texts = [await node.run(["sh", "-c", look]), await node.run(["sh", "-c", lookIntoPods])];
  return texts.flatMap((text) => text.split("\n")).toSorted();
}

/** Gives the node a /var/lib of its own, so that what is left there can be told. */
export async function hideStateOfMachine(node: Node): Promise<void> {
  await node.run(["mount", "-t", "tmpfs", "tmpfs", "/var/lib"]);
}

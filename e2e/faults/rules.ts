import type { Node } from "../lib/node.ts";
import { difference, type Snapshot, withoutShared } from "../lib/snapshot.ts";

/**
 * What portmap changes of a node, and nothing else, in a fifth of the time of a whole snapshot. Waits until the tools
 * of a killed plugin have come to their end; those that never would are listed.
 */
const look = `
exec 2>/dev/null
tries=0
while [ $tries -lt 100 ] && grep -qsazE '^(--noflush|.*/fault/(bin|without-.*)/.*|(.*/)?(conntrack|nft))$' /proc/[0-9]*/cmdline
do tries=$((tries + 1)); sleep 0.02; done
for tool in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do
  echo "== $tool"
  $tool-save | sed -n 's/ \\[[0-9]*:[0-9]*\\]$//; /^\\*/ { s/^\\*//; h }; /^[-:]/ { G; s/\\(.*\\)\\n\\(.*\\)/\\2 \\1/; p }'
done
echo "== nft"
for family in ip ip6; do nft -s list table $family cni_hostport; done
echo "== sysctls"
cd /proc/sys/net/ipv4/conf && grep . */route_localnet
echo "== left running"
grep -lazE '^4711$' /proc/[0-9]*/cmdline
true
`;

/** The containers' rules; shared chains are left out. */
export async function takeRules(node: Node): Promise<Snapshot> {
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of (await node.run(["sh", "-c", look])).split("\n")) {
    if (line.startsWith("== ")) {
      current = [];
      sections.set(line.slice(3), current);
    } else if (line !== "" && !/^\w+ :(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) /.test(line)) {
      current.push(line);
    }
  }
  return withoutShared(sections);
}

export async function changesSince(before: Snapshot, node: Node): Promise<readonly string[]> {
  return difference(before, await takeRules(node));
}

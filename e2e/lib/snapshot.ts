import type { Node } from "./node.ts";

/** Everything of a node that plugins change: one line an object, below the name of the list it stands in. */
export type Snapshot = ReadonlyMap<string, readonly string[]>;

/** Takes what iptables (of both kinds), nftables, tc and ip have to say, without counters and indices. */
export async function takeSnapshot(node: Node): Promise<Snapshot> {
  const text = await node.run(["sh", "-c", script]);
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  for (const raw of text.split("\n")) {
    if (raw.startsWith("== ")) {
      current = [];
      sections.set(raw.slice(3), current);
    } else {
      const line = withoutNoise(raw);
      if (line !== "") current.push(line);
    }
  }
  return sections;
}

/** Filters hang on a qdisc that somebody has set. One call for all, since entering the node is what costs. A tool that is not there has nothing to list. */
const script = `
exec 2>/dev/null
for tool in iptables-nft ip6tables-nft iptables-legacy ip6tables-legacy; do
  echo "== $tool"
  for table in nat filter mangle raw; do
    $tool-save -t $table | sed -n "s/^[-:]/$table &/p"
  done
done
echo "== nft"
nft -s list tables | while read -r table family name; do
  case $name in nat|filter|mangle|raw|security) ;; *) nft -s list table $family $name ;; esac
done
echo "== links"
ip -o link show | sed 's/^[0-9]*: //; s/ qlen [0-9]*//; s/ state [A-Z]*//; s/@if[0-9]*//; s/<[^>]*>//'
echo "== sysctls"
cd /proc/sys/net/ipv4/conf && grep . */route_localnet
echo "== qdiscs"
tc qdisc show
echo "== filters"
tc qdisc show | sed -n '/^qdisc [^ ]* 0: /d; s/^qdisc [^ ]* [^ ]* dev \\([^ ]*\\) .*/\\1/p' | sort -u | while read -r dev; do
  for parent in '' ingress egress; do tc filter show dev "$dev" $parent | while IFS= read -r line; do
    printf '%s %s: %s\\n' "$dev" "$parent" "$line"
  done; done
done
`;

/** Built-in chains show as soon as anybody looks into a table; the kernel's default qdiscs are no one's work. */
function withoutNoise(raw: string): string {
  if (/^\w+ :(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) /.test(raw)) return "";
  if (/^qdisc (noqueue|pfifo_fast|mq|fq_codel|fq|pfifo) 0: /.test(raw)) return "";
  return raw.replace(/\s*\[\d+:\d+\]$/, "").trimEnd();
}

/**
 * Leaves out what belongs to all containers and stays on a node for good: the shared chains, what they do, and the
 * jumps into them; in nftables all that does not translate addresses; route_localnet of the bridges, whose names
 * begin with `cni` or `cri` here. A container's own rules inside shared chains are kept.
 */
export function withoutShared(snapshot: Snapshot): Snapshot {
  const isShared = (name: string, line: string) =>
    /^\w+ :CNI-HOSTPORT-/.test(line) ||
    /^\w+ -A (PREROUTING|OUTPUT|POSTROUTING) .*-j CNI-HOSTPORT-/.test(line) ||
    /^\w+ -A CNI-HOSTPORT-(SETMARK|MASQ) /.test(line) ||
    /^raw -A CNI-HOSTPORT-LOCAL ! -i lo /.test(line) ||
    (name === "nft" && !/\b(dnat|masquerade)\b/.test(line)) ||
    /^c[nr]i[^/]*\/route_localnet:/.test(line);
  return new Map([...snapshot].map(([name, lines]) => [name, lines.filter((line) => !isShared(name, line))]));
}

/** Lines that only one of two snapshots has, as `+ iptables-nft: …` and `- links: …`; empty if they are equal. */
export function difference(before: Snapshot, after: Snapshot): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].flatMap((name) => {
    const [old, now] = [before.get(name) ?? [], after.get(name) ?? []];
    return [
      ...now.filter((line) => !old.includes(line)).map((line) => `+ ${name}: ${line}`),
      ...old.filter((line) => !now.includes(line)).map((line) => `- ${name}: ${line}`),
    ];
  });
}

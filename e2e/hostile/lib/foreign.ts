import type { Node } from "../../lib/node.ts";

/** Names of links that the kernel takes, and that nobody should print as they are, or take for another's. */
const oddNames: readonly string[] = [
  ...'\' " \\" $(id) `id` ;reboot -rf --help * {} #x @x é 名前'.split(" "),
  ..."\u001b[2J lo\u0001 \u009b2J \u202egnp \ufeffcni0 eth0\u200b \u007f if1".split(" "),
];
const oddAliases: readonly string[] = [
  "'\"\\",
  "\u001b]0;mine\u0007",
  '"},{"ifname":"cni0"}]',
  "cni-chain host=cni0 ifname=eth0 network=net container=web",
  "x".repeat(255),
  "a\nb",
];

/**
 * Puts onto the node what others may have there: links of odd names, and rules, chains, qdiscs, filters and ifbs that look
 * as if they were of network `net`, of containers that are dead, or of `web`.
 *
 * @param veth the host's end of a pod's veth, with limits
 */
export async function plantForeign(node: Node, veth: string): Promise<void> {
  const links = `
while [ $# -gt 0 ]; do
  ip link add name "$1" type veth peer name "$2"
  ip link set dev "$1" alias "$3"
  tc qdisc add dev "$1" root handle 1: tbf rate 1mbit burst 10000 limit 30000
  shift 3
done`;
  const words = oddNames.flatMap((name, at) =>
    at % 2 === 0 ? [name] : [name, oddAliases[(at >> 1) % oddAliases.length] ?? ""],
  );
  await node.run(["sh", "-ec", links, "sh", ...words]);
  await node.run(["sh", "-ec", ifbs, "sh", veth]);
  await node.run(["sh", "-ec", rules]);
  await node.run(["nft", "-f", "-"], { stdin: tables });
}

const ifbs = `
ip link add name bwpffffffffffff type ifb
ip link set dev bwpffffffffffff alias "cni-chain host=$1 ifname=eth0 network=net container=dead"
ip link add name bwp000000000000 type ifb
ip link set dev bwp000000000000 alias "$(printf 'mine \\033[2J')"
ip link add name bwp-mine type ifb
ip link add vethforeign type veth peer name vethforeign0
ip link set vethforeign up
tc qdisc add dev vethforeign root handle 1: tbf rate 1mbit burst 10000 limit 30000
tc qdisc add dev vethforeign clsact
tc filter add dev vethforeign ingress protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev bwp000000000000
tc filter add dev "$1" ingress protocol ip prio 7 u32 match ip dst 192.0.2.1/32 action mirred egress mirror dev bwp-mine
`;

const rules = `
lookalike=CNI-DN-0123456789abcdef01234
iptables -t nat -N "$lookalike"
iptables -t nat -A "$lookalike" -p tcp --dport 9999 -j DNAT --to-destination 192.0.2.77:80
iptables -t nat -N CNI-HOSTPORT-DNAT 2>/dev/null || :
iptables -t nat -N 'CNI-DN-$(id)"'
iptables -t nat -N '"quoted'
iptables -t nat -A PREROUTING -j '"quoted'
entry() { iptables -t nat -A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "$2" -m multiport --dports "$1" -j "$3"; }
entry 9999 'dnat name: "net" id: "dead"' "$lookalike"
entry 9998 'dnat name: "net" id: "web"' "$lookalike"
entry 9997 'dnat name: "net" id: "other"' "$lookalike"
entry 9996 "$(printf 'dnat name: "net" id: "\\033[2J\\302\\2332J"')" "$lookalike"
entry 9994 'no " end \\' 'CNI-DN-$(id)"'
entry 9993 'x
-A CNI-HOSTPORT-DNAT -j CNI-DN-ffffffffffffffffffffff' RETURN
iptables -t nat -I PREROUTING -p tcp --dport 9992 -m comment --comment 'x
-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT' -j RETURN
`;

const tables = `
table ip foreign {
  chain prerouting {
    type nat hook prerouting priority -90
    tcp dport 9991 counter comment "web"
  }
}
table inet cni_hostport {
  chain hostports {
    tcp dport 9990 dnat ip to 192.0.2.77:80 comment "dead"
  }
}
table ip cni_hostport {
  chain hostports {
    tcp dport 9989 comment "\u001b[2J\u009b2J"
    tcp dport 9988 comment "web-2"
  }
}
`;

import type { Node, Pod } from "./node.ts";
import { hasIpv6 } from "./tools.ts";

/** The addresses at both ends of the line between a node and a host beside it. */
export interface Uplink {
  readonly host: Pod;
  readonly node4: string;
  readonly host4: string;
  readonly node6: string;
  readonly host6: string;
}

/**
 * Another machine, joined to the node by a line of its own (documentation addresses, RFC 5737 and 3849). Its
 * way to everywhere leads over the node, so pods can be reached by their own addresses too.
 */
export async function addHost(node: Node, name = "client", line = 1): Promise<Uplink> {
  const host = await node.addPod(name);
  const [node4, host4] = [`192.0.2.${line * 16 + 1}`, `192.0.2.${line * 16 + 2}`];
  const [node6, host6] = [`2001:db8:${line}::1`, `2001:db8:${line}::2`];
  const dev = `up${line}`;
  await node.ip(
    `link add ${dev} type veth peer name eth0 netns ${name}`,
    `address add ${node4}/28 dev ${dev}`,
    ...(hasIpv6() ? [`address add ${node6}/64 dev ${dev} nodad`] : []),
    `link set ${dev} up`,
  );
  await host.ip(
    "link set lo up",
    `address add ${host4}/28 dev eth0`,
    ...(hasIpv6() ? [`address add ${host6}/64 dev eth0 nodad`] : []),
    "link set eth0 up",
    `route add default via ${node4}`,
    ...(hasIpv6() ? [`route add default via ${node6}`] : []),
  );
  return { host, node4, host4, node6, host6 };
}

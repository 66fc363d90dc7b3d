import { join } from "node:path";
import type { ConfList, PluginConf } from "../../lib/cni.ts";
import type { Node } from "../../lib/node.ts";
import { confDirectory } from "../lib/network.ts";

/** A network as an operator writes one: Debian's bridge and host-local, then the plugins that are tested. */
export function podmanNetwork(
  number: number,
  chained: readonly PluginConf[],
  cniVersion = "0.4.0",
): ConfList {
  const subnet = `10.89.${number}.0/24`;
  const ipam = {
    type: "host-local",
    ranges: [[{ subnet, gateway: gatewayOf(number) }]],
    routes: [{ dst: "0.0.0.0/0" }],
    dataDir: "/run/cni/leases",
  };
  const bridge = {
    type: "bridge",
    bridge: `cni-podman${number}`,
    isGateway: true,
    ipMasq: true,
    hairpinMode: true,
  };
  return { cniVersion, name: networkName(number), plugins: [{ ...bridge, ipam }, ...chained] };
}

export const networkName = (number: number): string => `net${number}`;

/** The node's address on a network's bridge. */
export const gatewayOf = (number: number): string => `10.89.${number}.1`;

export async function writeNetwork(node: Node, conf: ConfList): Promise<void> {
  const file = join(confDirectory, `${conf.name}.conflist`);
  await node.run(["sh", "-ec", `mkdir -p ${confDirectory}; cat >${file}`], { stdin: JSON.stringify(conf) });
}

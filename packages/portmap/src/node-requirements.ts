import type { Family } from "iptables-wrapper";
import type { Backend } from "./backend.ts";
import type { PortMapping, PortmapConfig } from "./config.ts";
import type { Destination } from "./destinations.ts";
import { mappingsFor } from "./forwards.ts";
import type { Kernel } from "./kernel.ts";

/** What the host ports of a family need of the node beside rules; none of it is ever changed here. */
export interface Concern {
  readonly family: Family;
  /**
   * Bridged packets have to pass the node's rules: between two pods of a bridge the reply is not masqueraded, so it
   * goes straight to the client, from an address the client never asked.
   */
  readonly needsBridgeCalls: boolean;
}

/** By the paths below /proc/sys: Documentation/networking/ip-sysctl.rst. */
export const sysctls = {
  v4: { forwarding: "net/ipv4/ip_forward", bridgeCalls: "net/bridge/bridge-nf-call-iptables" },
  v6: { forwarding: "net/ipv6/conf/all/forwarding", bridgeCalls: "net/bridge/bridge-nf-call-ip6tables" },
} as const;

export function concernOf(
  family: Family,
  { snat, masqAll }: PortmapConfig,
  { masqueradesSubnet }: Backend,
): Concern {
  return { family, needsBridgeCalls: !(snat && (masqAll || masqueradesSubnet)) };
}

/** The concerns of a container's mappings: none for a family that is mapped for the node's own loopback alone. */
export function concernsOf(
  destinations: readonly Destination[],
  config: PortmapConfig,
  backend: Backend,
): Concern[] {
  return destinations
    .filter(({ family }) => mappingsFor(family, config.portMappings).some(isForOthers))
    .map(({ family, cidr }) => {
      const { needsBridgeCalls } = concernOf(family, config, backend);
      // A container that is a subnet of its own has no neighbour it could answer past the node.
      return { family, needsBridgeCalls: needsBridgeCalls && !/\/(?:32|128)$/.test(cidr) };
    });
}

function isForOthers({ hostIp }: PortMapping): boolean {
  return hostIp.kind !== "address" || !(hostIp.address.startsWith("127.") || hostIp.address === "::1");
}

/** True where a second look is worth its time; on most nodes it is not, and this is one read or two. */
export function isSuspect({ family, needsBridgeCalls }: Concern, kernel: Kernel): boolean {
  const forwarding = kernel.readSysctl(sysctls[family].forwarding);
  if (forwarding === undefined) return false;
  return forwarding === "0" || (needsBridgeCalls && kernel.readSysctl(sysctls[family].bridgeCalls) !== "1");
}

import { type Attachment, parseCidr, type Result } from "@cni-chain/core";
import type { Family } from "iptables-wrapper";

/** The container's end of the mappings: its address in one family, with the prefix length of its network. */
export interface Destination {
  readonly family: Family;
  /** `10.1.0.5` */
  readonly address: string;
  /** `10.1.0.5/16`: the prefix makes its whole subnet count as hairpin traffic. */
  readonly cidr: string;
}

/**
 * The container's first IPv4 and first IPv6 address of a prevResult, at most one a family. An address is
 * passed over only when it clearly is another interface's: its index is in range and that interface has
 * another name than CNI_IFNAME, or no sandbox.
 */
export function destinationsOf(result: Result, { ifname }: Attachment): Destination[] {
  const found: Destination[] = [];
  for (const ip of result.ips) {
    const owner = ip.interface === undefined ? undefined : result.interfaces[ip.interface];
    if (owner !== undefined && (owner.name !== ifname || !owner.sandbox)) continue;
    const parsed = parseCidr(ip.address);
    if (parsed === undefined || found.some(({ family }) => family === parsed.family)) continue;
    const { family, address, prefix } = parsed;
    found.push({ family, address, cidr: `${address}/${prefix}` });
  }
  return found.sort((a, b) => (a.family < b.family ? -1 : 1));
}

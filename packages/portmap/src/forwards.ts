import type { Family, Protocol } from "iptables-wrapper";
import type { PortMapping } from "./config.ts";
import type { Destination } from "./destinations.ts";

/** One forwarded port, as it stands in the kernel or is about to. */
export interface Forward {
  readonly protocol: Protocol;
  readonly hostPort: number;
  /** The one address of the node it is for; undefined: all of the family. */
  readonly hostAddress: string | undefined;
  readonly address: string;
  readonly port: number;
}

/** The mappings that concern a family: all but those bound to an address of the other one. */
export function mappingsFor(family: Family, mappings: readonly PortMapping[]): PortMapping[] {
  return mappings.filter(({ hostIp }) => hostIp.kind === "any" || hostIp.family === family);
}

/** The forwards that a set of mappings asks for in the family of the destination. */
export function wantedForwards(mappings: readonly PortMapping[], destination: Destination): Forward[] {
  return mappingsFor(destination.family, mappings).map(({ protocol, hostPort, containerPort, hostIp }) => ({
    protocol,
    hostPort,
    hostAddress: hostIp.kind === "address" ? hostIp.address : undefined,
    address: destination.address,
    port: containerPort,
  }));
}

/** True where a packet can be meant by both: same protocol and port, and an address in common. */
export function overlap(a: Forward, b: Forward): boolean {
  if (a.protocol !== b.protocol || a.hostPort !== b.hostPort) return false;
  return a.hostAddress === undefined || b.hostAddress === undefined || a.hostAddress === b.hostAddress;
}

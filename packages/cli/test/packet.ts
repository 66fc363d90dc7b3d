import type { Packet } from "../src/explain/packet.ts";

/** A client's first packet to a host port of the node, at 192.0.2.1. */
export const packet: Packet = {
  family: "v4",
  protocol: "tcp",
  source: "192.0.2.2",
  sourcePort: undefined,
  destination: "192.0.2.1",
  destinationPort: 8080,
  inDevice: "up1",
  outDevice: undefined,
  mark: 0x2000,
  state: "new",
  dnat: true,
  snat: false,
};
export const node = { isLocal: (address: string) => address === "192.0.2.1" };

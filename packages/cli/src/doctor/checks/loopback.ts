import { about, type Check } from "../check.ts";

/** route_localnet lets packets for the node's 127.0.0.0/8 in by a wire, unless a guard keeps them out. */
export const loopback: Check = {
  name: "loopback",
  well: "nobody outside reaches the node's 127.0.0.1",
  findings: ({ loopback: known }) =>
    about("route_localnet", known, ({ open, sourceRouted, isGuarded }) => [
      ...(isGuarded ? [] : open).map((device) => ({
        severity: "warning" as const,
        what: `route_localnet of ${device} is 1 and no guard stands before it: whoever is on that wire reaches what listens on the node's 127.0.0.1`,
        where: `net/ipv4/conf/${device}/route_localnet`,
        remedy: `cni-chain repair # where no host port needs it: sysctl -w net/ipv4/conf/${device}/route_localnet=0`,
      })),
      ...sourceRouted.map((device) => ({
        severity: "warning" as const,
        what: `${device} takes packets whose sender prescribes their way, and its route_localnet is 1: by way of an address of the node they get past the guard to what listens on 127.0.0.1`,
        where: "net/ipv4/conf/all/accept_source_route",
        remedy: "sysctl -w net.ipv4.conf.all.accept_source_route=0",
      })),
    ]),
};

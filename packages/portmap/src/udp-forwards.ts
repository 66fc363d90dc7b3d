import { clausesOf, type Observed, rulesOf } from "iptables-wrapper";
import type { PortMapping } from "./config.ts";
import type { Destination } from "./plan.ts";
import type { UdpForward } from "./stale-flows.ts";

/** The UDP forwards that a set of mappings asks for. */
export function wantedUdpForwards(mappings: readonly PortMapping[], destination: Destination): UdpForward[] {
  return mappings
    .filter(({ protocol }) => protocol === "udp")
    .map(({ hostPort, containerPort, hostIp }) => ({
      hostPort,
      hostAddress: hostIp.kind === "address" ? hostIp.address : undefined,
      address: destination.address,
      port: containerPort,
    }));
}

/** The UDP forwards that stand in a container's chain, whoever wrote them. */
export function foundUdpForwards(observed: Observed, chain: string): UdpForward[] {
  return (rulesOf(observed, chain) ?? []).flatMap((rule) => {
    const options = new Map(clausesOf(rule).map(({ option, values }) => [option, values[0] ?? ""]));
    const to = /^\[?(?<address>[^\]]+?)\]?:(?<port>\d+)$/.exec(options.get("--to-destination") ?? "")?.groups;
    if (options.get("-p") !== "udp" || to === undefined) return [];
    const hostPort = Number(options.get("--dport"));
    const hostAddress = options.get("-d")?.replace(/\/\d+$/, "");
    return [{ hostPort, hostAddress, address: to["address"] ?? "", port: Number(to["port"]) }];
  });
}

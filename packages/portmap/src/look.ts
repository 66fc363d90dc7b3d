import type { AttachmentCall, Result } from "@cni-chain/core";
import { routeDevice } from "@cni-chain/ip-ts";
import { check, type Seen } from "./check.ts";
import type { PortmapConfig } from "./config.ts";
import { destinationsOf } from "./destinations.ts";
import { chainsForAdd } from "./observe.ts";
import { type Destination, mappingsFor } from "./plan.ts";
import type { Tools } from "./tools.ts";

/** Looks at every family ADD would have written to, and gives the differences. */
export async function lookAndCheck(
  { attachment, config }: AttachmentCall<PortmapConfig>,
  prevResult: Result,
  tools: Tools,
): Promise<string[]> {
  const destinations = destinationsOf(prevResult, attachment).filter(
    ({ family }) => mappingsFor(family, config.portMappings).length > 0,
  );
  const seen = await Promise.all(
    destinations.map(async (destination): Promise<Seen> => {
      const [observed, loopback] = await Promise.all([
        tools.iptables.observe(destination.family, "nat", chainsForAdd(attachment, config), "exact"),
        config.snat && destination.family === "v4" ? loopbackOf(destination, tools) : undefined,
      ]);
      return { destination, observed, loopback };
    }),
  );
  return seen.flatMap((family) => check(attachment, config, family));
}

async function loopbackOf(destination: Destination, { runner, kernel }: Tools): Promise<Seen["loopback"]> {
  const device = await routeDevice(runner, destination.address);
  if (device === undefined) return undefined;
  return { device, routeLocalnet: kernel.readSysctl(`net/ipv4/conf/${device}/route_localnet`) };
}

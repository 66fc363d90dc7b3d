import { type Attachment, type AttachmentCall, CniError, ErrorCode, type Result } from "@cni-chain/core";
import { routeDevice } from "@cni-chain/ip-ts";
import { type Family, type Observed, reconcile, transaction } from "iptables-wrapper";
import type { PortmapConfig } from "./config.ts";
import { deleteFlows, udpFlows } from "./conntrack.ts";
import { destinationsOf } from "./destinations.ts";
import { chainsForAdd } from "./observe.ts";
import { type Destination, desiredRules, mappingsFor } from "./plan.ts";
import { removeFamily } from "./remove.ts";
import { takenOver } from "./stale-flows.ts";
import type { Tools } from "./tools.ts";
import { wantedUdpForwards } from "./udp-forwards.ts";

type Call = AttachmentCall<PortmapConfig>;

/** Forwards the host ports, in each family the container has an address of; in neither if one fails. */
export async function add(call: Call, prevResult: Result, tools: Tools): Promise<Result> {
  const { attachment, config, warn } = call;
  if (config.portMappings.length === 0) return prevResult;
  const destinations = destinationsOf(prevResult, attachment).filter(
    ({ family }) => mappingsFor(family, config.portMappings).length > 0,
  );
  warnOfUnforwarded(call, destinations);
  const outcomes = await Promise.allSettled(
    destinations.map((destination) => addFamily(call, destination, tools)),
  );
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) {
    await undo(attachment, destinations, tools, warn);
    throw failed.reason;
  }
  return prevResult;
}

async function addFamily(call: Call, destination: Destination, tools: Tools): Promise<void> {
  const { attachment, config } = call;
  const { family } = destination;
  const fromLoopback = family === "v4" && config.snat;
  const [, device] = await Promise.all([
    reconcile(tools.iptables, {
      family,
      table: "nat",
      chains: chainsForAdd(attachment, config),
      plan: (observed) => {
        requireMarkChain(config, family, observed);
        return transaction(observed, desiredRules(attachment, config, destination));
      },
    }),
    fromLoopback ? routeDevice(tools.runner, destination.address) : undefined,
  ]);
  // Without it the kernel drops packets from 127.0.0.1 that leave by another interface than lo.
  if (device !== undefined) openLoopback(device, tools);
  await endTakenOverFlows(call, destination, tools);
}

function requireMarkChain({ snat, marking }: PortmapConfig, family: Family, observed: Observed): void {
  if (!snat || marking.kind !== "chain" || observed.get(marking.chain)?.kind !== "absent") return;
  throw new CniError(
    ErrorCode.invalidConfig,
    `externalSetMarkChain: chain ${JSON.stringify(marking.chain)} does not exist in table nat of ${family === "v4" ? "iptables" : "ip6tables"}`,
    "Whoever owns the chain has to make it first; or leave externalSetMarkChain out, and portmap makes its own.",
  );
}

function openLoopback(device: string, { kernel }: Tools): void {
  const path = `net/ipv4/conf/${device}/route_localnet`;
  if (kernel.readSysctl(path) !== "1") kernel.writeSysctl(path, "1");
}

/** Failing here leaves old UDP clients where they were and everybody else served: said, not thrown. */
async function endTakenOverFlows(
  { config, warn }: Call,
  destination: Destination,
  tools: Tools,
): Promise<void> {
  const { family } = destination;
  const forwards = wantedUdpForwards(mappingsFor(family, config.portMappings), destination);
  if (forwards.length === 0) return;
  try {
    const ports = [...new Set(forwards.map(({ hostPort }) => hostPort))];
    const flows = await udpFlows(tools.runner, family, ports);
    if (flows.length === 0) return;
    await deleteFlows(tools.runner, family, takenOver(flows, forwards, tools.kernel.localAddresses()));
  } catch (error) {
    warn(`UDP flows to the old owner of a host port could not be ended: ${(error as Error).message}`);
  }
}

function warnOfUnforwarded({ config, warn }: Call, destinations: readonly Destination[]): void {
  const families = destinations.map(({ family }) => family);
  for (const { hostPort, protocol, hostIp } of config.portMappings) {
    const served = hostIp.kind === "any" ? families.length > 0 : families.includes(hostIp.family);
    if (served) continue;
    const wanted = hostIp.kind === "any" ? "address" : `IP${hostIp.family} address`;
    warn(
      `hostPort ${hostPort}/${protocol} is not forwarded: prevResult lists no ${wanted} for the container`,
    );
  }
}

async function undo(
  attachment: Attachment,
  destinations: readonly Destination[],
  tools: Tools,
  warn: Call["warn"],
) {
  for (const { family } of destinations) {
    try {
      await removeFamily(attachment, family, tools);
    } catch (error) {
      warn(`undoing the IP${family} rules failed: ${(error as Error).message}`);
    }
  }
}

import type { AttachmentCall, Result } from "@cni-chain/core";
import type { Family } from "iptables-wrapper";
import type { PortmapConfig } from "./config.ts";
import { type Destination, destinationsOf } from "./destinations.ts";
import { endTakenOverFlows } from "./flows.ts";
import { mappingsFor, wantedForwards } from "./forwards.ts";
import { concernsOf, isSuspect } from "./node-requirements.ts";
import { requestOf } from "./request.ts";
import type { Tools } from "./tools.ts";

type Call = AttachmentCall<PortmapConfig>;

/** Forwards the host ports, in each family the container has an address of; in neither if one fails. */
export async function add(call: Call, prevResult: Result, tools: Tools): Promise<Result> {
  const { config } = call;
  if (config.portMappings.length === 0) return prevResult;
  const destinations = servedDestinations(call, prevResult);
  await startAhead(destinations, tools);
  warnOfUnforwarded(call, destinations);
  const outcomes = await Promise.allSettled(
    destinations.map(async (destination) => {
      await tools.backend.add(requestOf(call, destination, tools));
      await endTakenOverFlows(
        destination.family,
        wantedForwards(config.portMappings, destination),
        tools,
        call.warn,
      );
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed === undefined) {
    await warnOfNode(call, destinations, prevResult, tools);
    return prevResult;
  }
  tools.turnBack?.();
  await Promise.all(destinations.map(({ family }) => takeBack(family, call, tools)));
  throw failed.reason;
}

/** At once with the other family: a tool that still hangs uses up the time of both. */
async function takeBack(family: Family, { attachment, warn }: Call, { backend }: Tools): Promise<void> {
  try {
    await backend.remove(attachment, family);
  } catch (error) {
    warn(`undoing the IP${family} rules failed: ${(error as Error).message}`);
  }
}

/** Every difference between what ADD makes and what is there, in each family ADD would have written to. */
export async function check(call: Call, prevResult: Result, tools: Tools): Promise<string[]> {
  const destinations = servedDestinations(call, prevResult);
  await startAhead(destinations, tools);
  const lines = destinations.map((destination) => tools.backend.check(requestOf(call, destination, tools)));
  return (await Promise.all(lines)).flat();
}

/** A tool takes its time to be ready for its input: that goes by while the input is made. */
async function startAhead(destinations: readonly Destination[], { backend }: Tools): Promise<void> {
  for (const { family } of destinations) await backend.startAhead?.(family);
}

/** The container's ends that have any mapping, by family. */
export function servedDestinations({ attachment, config }: Call, prevResult: Result): Destination[] {
  return destinationsOf(prevResult, attachment).filter(
    ({ family }) => mappingsFor(family, config.portMappings).length > 0,
  );
}

/** What on the node keeps the ports from being reached: nobody asked us to change it, and the rules stand already. */
async function warnOfNode(
  { config, warn }: Call,
  destinations: readonly Destination[],
  { interfaces }: Result,
  { backend, kernel }: Tools,
): Promise<void> {
  try {
    const concerns = concernsOf(destinations, config, backend);
    if (!concerns.some((concern) => isSuspect(concern, kernel))) return;
    const { settingsFound } = await import("./node-requirements-read.ts");
    const onNode = interfaces.filter(({ sandbox }) => !sandbox).map(({ name }) => name);
    for (const text of settingsFound(concerns, kernel, new Set(onNode))) warn(text);
  } catch (error) {
    warn(`the node's settings were not looked at: ${(error as Error).message}`);
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

import { type Iptables, type ObservedTables, reconcile, rulesOf, transaction } from "iptables-wrapper";
import type { Forward } from "../forwards.ts";
import { closeLoopback, hasDevice, openLoopback } from "../loopback.ts";
import { routeDevice } from "../route-device.ts";
import type { Host } from "../tools.ts";
import { chains } from "./chains.ts";
import { desiredWithoutMarkers, openedDevices } from "./guard.ts";
import { type Entry, listedEntries, listedForwards } from "./listed-forwards.ts";

/**
 * Closes route_localnet again on the devices that led to removed containers, where we opened it and no other
 * container is reached by it, and forgets devices that are gone. Where no container is left at all, that goes for
 * every device: somebody may have been killed between the rules and this. Runs after the containers' rules are
 * removed; an ADD writes its rules before it opens, so whoever came meanwhile is seen by the second look.
 * @param after the state of `chainsForClosing` behind the removal, where somebody has looked already
 */
export async function closeUnusedLoopback(
  network: string,
  removed: readonly Forward[],
  iptables: Iptables,
  host: Host,
  after?: ObservedTables,
): Promise<void> {
  if (removed.length === 0 && after === undefined) return;
  const { kernel } = host;
  // Looked at now, not before the removal: of many that go at once, the last one has to see that it is.
  const { opened, entries } = after === undefined ? await look(iptables) : read(after);
  if (opened.length === 0 || (removed.length === 0 && entries.length > 0)) return;
  const forgotten = opened.filter((device) => !hasDevice(kernel, device));
  const left = opened.filter((device) => !forgotten.includes(device));
  let seen: ObservedTables | undefined;
  for (const device of entries.length === 0 ? left : await devicesOf(removed, opened, host)) {
    if (await isUsed(device, network, entries, iptables, host)) continue;
    closeLoopback(kernel, device);
    seen = await iptables.observe("v4", chainsForClosing, "exact");
    if (await isUsed(device, network, read(seen).entries, iptables, host)) openLoopback(kernel, device);
    else forgotten.push(device);
  }
  if (forgotten.length === 0) return;
  await reconcile(iptables, {
    family: "v4",
    chains: { raw: [chains.guard] },
    ...(seen === undefined ? {} : { seen }),
    plan: ({ raw = new Map() }) => ({ raw: transaction(raw, desiredWithoutMarkers(forgotten)) }),
  });
}

/**
 * The opened devices that lead to these containers: by the main routing table, else by the kernel's word, a
 * process for each address until all are known.
 */
async function devicesOf(forwards: readonly Forward[], opened: readonly string[], host: Host) {
  const found = new Set<string>();
  for (const address of new Set(forwards.map((forward) => forward.address))) {
    if (found.size === opened.length) break;
    const byTable = opened.find((device) => host.kernel.networksOf(device).has(address));
    const device = byTable ?? (await routeDevice(address, host));
    if (device !== undefined && opened.includes(device)) found.add(device);
  }
  return found;
}

/** The chains that tell what is open and who needs it. */
export const chainsForClosing = { nat: [chains.dnat], raw: [chains.guard] };

interface Seen {
  readonly opened: readonly string[];
  readonly entries: readonly Entry[];
}

async function look(iptables: Iptables): Promise<Seen> {
  return read(await iptables.observe("v4", chainsForClosing, "exact"));
}

function read({ raw = new Map(), nat = new Map() }: ObservedTables): Seen {
  return { opened: openedDevices(raw), entries: listedEntries(rulesOf(nat, chains.dnat) ?? []) };
}

/** True where a container in the device's subnets has rules. */
export async function isReached(device: string, iptables: Iptables, host: Host): Promise<boolean> {
  const { entries } = await look(iptables);
  return isReachedBy(device, undefined, entries, iptables, host);
}

async function isUsed(
  device: string,
  network: string,
  entries: readonly Entry[],
  iptables: Iptables,
  host: Host,
): Promise<boolean> {
  if (await isReachedBy(device, network, entries, iptables, host)) return true;
  return (await host.isReachedElsewhere?.(device)) ?? false;
}

/** True where another container is reached by the device: one of the same network, or one in the device's subnets. */
async function isReachedBy(
  device: string,
  network: string | undefined,
  entries: readonly Entry[],
  iptables: Iptables,
  { kernel }: Host,
): Promise<boolean> {
  if (entries.length === 0) return false;
  const reaches = kernel.networksOf(device);
  if (reaches.widest < 32 && entries.some(({ owner }) => network !== undefined && owner?.network === network))
    return true;
  const names = [...new Set(entries.map(({ chain }) => chain))];
  const { nat = new Map() } = await iptables.observe("v4", { nat: names }, "exact");
  return names.some((name) =>
    listedForwards(rulesOf(nat, name) ?? []).some(({ address }) => reaches.has(address)),
  );
}

import { routeDevice } from "@cni-chain/ip-ts";
import { type Iptables, reconcile, rulesOf, transaction } from "iptables-wrapper";
import type { Forward } from "../forwards.ts";
import { closeLoopback, hasDevice, openLoopback } from "../loopback.ts";
import type { Host } from "../tools.ts";
import { chains } from "./chains.ts";
import { desiredWithoutMarkers, openedDevices } from "./guard.ts";
import { type Entry, listedEntries, listedForwards } from "./listed-forwards.ts";

/**
 * Closes route_localnet again on the device that led to a removed container, if we opened it and no other
 * container is reached by it, and forgets devices that are gone. Runs after the container's rules are
 * removed; an ADD writes its rules before it opens, so whoever came meanwhile is seen by the second look.
 */
export async function closeUnusedLoopback(
  network: string,
  removed: readonly Forward[],
  iptables: Iptables,
  host: Host,
): Promise<void> {
  const address = removed[0]?.address;
  if (address === undefined) return;
  const { kernel, runner } = host;
  const { opened, entries } = await look(iptables);
  if (opened.length === 0) return;
  const gone = opened.filter((device) => !hasDevice(kernel, device));
  const device = await routeDevice(runner, address);
  const ours = device !== undefined && opened.includes(device) ? device : undefined;
  const unused = ours !== undefined && !(await isUsed(ours, network, entries, iptables, host)) ? [ours] : [];
  for (const one of unused) {
    closeLoopback(kernel, one);
    const again = await look(iptables);
    if (await isUsed(one, network, again.entries, iptables, host)) {
      openLoopback(kernel, one);
      unused.pop();
    }
  }
  const forgotten = [...gone, ...unused];
  if (forgotten.length === 0) return;
  await reconcile(iptables, {
    family: "v4",
    chains: { raw: [chains.guard] },
    plan: ({ raw = new Map() }) => ({ raw: transaction(raw, desiredWithoutMarkers(forgotten)) }),
  });
}

async function look(iptables: Iptables): Promise<{ opened: string[]; entries: Entry[] }> {
  const { raw = new Map(), nat = new Map() } = await iptables.observe(
    "v4",
    { raw: [chains.guard], nat: [chains.dnat] },
    "exact",
  );
  return { opened: openedDevices(raw), entries: listedEntries(rulesOf(nat, chains.dnat) ?? []) };
}

/** True where another container is reached by the device: one of the same network, or one in the device's subnets. */
async function isUsed(
  device: string,
  network: string,
  entries: readonly Entry[],
  iptables: Iptables,
  { kernel }: Host,
): Promise<boolean> {
  if (entries.length === 0) return false;
  const reaches = kernel.networksOf(device);
  if (entries.some(({ owner }) => owner?.network === network) && reaches.widest < 32) return true;
  const names = [...new Set(entries.map(({ chain }) => chain))];
  const { nat = new Map() } = await iptables.observe("v4", { nat: names }, "exact");
  return names.some((name) =>
    listedForwards(rulesOf(nat, name) ?? []).some(({ address }) => reaches.has(address)),
  );
}

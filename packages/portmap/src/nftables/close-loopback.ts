import { type ListedTable, type Nftables, reconcile } from "@cni-chain/nft-ts";
import type { Forward } from "../forwards.ts";
import { closeLoopback, hasDevice, openLoopback } from "../loopback.ts";
import { routeDevice } from "../route-device.ts";
import type { Host } from "../tools.ts";
import { forgetDevices, openedDevices } from "./guard.ts";
import { table as name, tagOf } from "./names.ts";
import { listedForwards } from "./owner.ts";

/**
 * Closes route_localnet again on the device that led to a removed container, if we opened it and no other
 * container is reached by it, and forgets devices that are gone. Where no container is left at all, that goes for
 * every device: somebody may have been killed between the rules and this. Runs after the container's rules are
 * removed; an ADD writes its rules before it opens, so whoever came meanwhile is seen by the second look.
 */
export async function closeUnusedLoopback(
  network: string,
  removed: readonly Forward[],
  before: ListedTable | undefined,
  nftables: Nftables,
  host: Host,
): Promise<void> {
  const address = removed[0]?.address;
  if (openedDevices(before).length === 0) return;
  if (address === undefined && listedForwards(before).length > 0) return;
  const { kernel } = host;
  const [led, table] = await Promise.all([
    address === undefined ? undefined : routeDevice(address, host),
    nftables.observe("ip", name),
  ]);
  const opened = openedDevices(table);
  const forgotten = opened.filter((one) => !hasDevice(kernel, one));
  const isLast = listedForwards(table).length === 0;
  for (const device of opened.filter((one) => !forgotten.includes(one) && (isLast || one === led))) {
    if (await isUsed(device, network, table, host)) continue;
    closeLoopback(kernel, device);
    if (await isUsed(device, network, await nftables.observe("ip", name), host)) openLoopback(kernel, device);
    else forgotten.push(device);
  }
  if (forgotten.length === 0) return;
  await reconcile(nftables, { family: "ip", table: name, plan: (table) => forgetDevices(table, forgotten) });
}

/** True where a container in the device's subnets has rules. */
export async function isReached(device: string, nftables: Nftables, host: Host): Promise<boolean> {
  return isReachedBy(device, undefined, await nftables.observe("ip", name), host);
}

async function isUsed(device: string, network: string, table: ListedTable | undefined, host: Host) {
  if (isReachedBy(device, tagOf(network), table, host)) return true;
  return (await host.isReachedElsewhere?.(device)) ?? false;
}

/** True where another container is reached by the device: one of the same network, or one in the device's subnets. */
function isReachedBy(
  device: string,
  network: number | undefined,
  table: ListedTable | undefined,
  { kernel }: Host,
): boolean {
  const reaches = kernel.networksOf(device);
  return listedForwards(table).some(
    ({ forward, owner }) =>
      (network !== undefined && owner.network === network && reaches.widest < 32) ||
      reaches.has(forward.address),
  );
}

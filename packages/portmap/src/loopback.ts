import { CniError, ErrorCode } from "@cni-chain/core";
import type { Kernel } from "./kernel.ts";

/**
 * route_localnet of a device, by which packets from 127.0.0.1 may leave and enter: without it the kernel
 * drops them (net/ipv4/route.c, "martian"). Only ever open behind a guard against what enters.
 */
export function isLoopbackOpen(kernel: Kernel, device: string): boolean {
  return kernel.readSysctl(pathOf(device)) === "1";
}

/**
 * The devices to be marked as opened by us when a guard is made: those still closed; and where the guard, and with it all
 * marks, has been lost, also those that are open by a setting of their own, as ADD gives it, which then is ours to close.
 */
export function devicesToMark(kernel: Kernel, devices: readonly string[], isGuardLost: boolean): string[] {
  const isOwnSetting = isGuardLost && kernel.readSysctl(pathOf("default")) === "0";
  return devices.filter((device) => isOwnSetting || !isLoopbackOpen(kernel, device));
}

/** Writes nothing where it is open. Throws CniError 5. */
export function openLoopback(kernel: Kernel, device: string): void {
  if (!isLoopbackOpen(kernel, device)) kernel.writeSysctl(pathOf(device), "1");
}

/** Writes nothing where it is closed: also where nothing can be written, what was not done can be undone. Throws CniError 5. */
export function closeLoopback(kernel: Kernel, device: string): void {
  if (isLoopbackOpen(kernel, device)) kernel.writeSysctl(pathOf(device), "0");
}

/** False for a device that is gone. */
export function hasDevice(kernel: Kernel, device: string): boolean {
  return kernel.readSysctl(pathOf(device)) !== undefined;
}

/** As CHECK tells it; none where it is open. */
export function loopbackDifference(kernel: Kernel, device: string): string[] {
  const found = kernel.readSysctl(pathOf(device));
  return found === "1" ? [] : [`sysctl ${pathOf(device)}: expected 1, found ${found ?? "no such device"}`];
}

/** Throws CniError 100 for a device that a tool has no way to name in a rule: unguarded it must stay closed. */
export function refuseDevice(device: string, tool: string): never {
  throw new CniError(
    ErrorCode.operationFailed,
    `device ${JSON.stringify(device)} leads to the container, and ${tool} cannot write that name into the rule that guards 127.0.0.1`,
    "Give the device a name without quotes and control characters, or set snat to false: then nothing is forwarded from 127.0.0.1.",
  );
}

function pathOf(device: string): string {
  return `net/ipv4/conf/${device}/route_localnet`;
}

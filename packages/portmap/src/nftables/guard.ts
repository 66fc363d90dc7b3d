import {
  type Change,
  isQuotable,
  isSameRule,
  type ListedRule,
  type ListedTable,
  metaValues,
  type Rule,
} from "@cni-chain/nft-ts";
import { refuseDevice } from "../loopback.ts";
import { createMissing } from "./create-missing.ts";
import { chains } from "./names.ts";
import { rulesIn } from "./owner.ts";

/**
 * route_localnet lets packets from the node's 127.0.0.1 out to a container, and would let packets for or from
 * 127.0.0.0/8 in. The guard stands before any translation and drops those: nothing that comes by a wire can be
 * meant for loopback, or be from there, while answers to the node still bear its real address.
 */
const guardRules: readonly Rule[] = (["daddr", "saddr"] as const).map((field) => ({
  matches: [
    { kind: "inInterface", name: "lo", negated: true },
    { kind: "address", field, network: "127.0.0.0/8" },
  ],
  verdict: { kind: "drop" },
}));

/** Marks a device whose route_localnet was 0 before we set it, so that somebody can close it again. */
const openedComment = "route_localnet opened";

function marker(device: string): Rule {
  if (!isQuotable(device)) refuseDevice(device, "nft");
  return {
    matches: [
      { kind: "inInterface", name: device, negated: false },
      { kind: "address", field: "daddr", network: "127.0.0.0/8" },
    ],
    verdict: { kind: "drop" },
    comment: openedComment,
  };
}

/**
 * What is missing of the guard, with a marker if the device is about to be opened. Throws CniError 100 where no rule
 * can name it.
 */
export function guardChanges(table: ListedTable | undefined, openedDevice: string | undefined): Change[] {
  const isMarked = openedDevice === undefined || openedDevices(table).includes(openedDevice);
  return [
    ...createMissing(table, [chains.guard]),
    ...missingGuard(table).map((rule) => ({ kind: "append", chain: chains.guard, rule }) as const),
    ...(isMarked ? [] : [{ kind: "insertFirst", chain: chains.guard, rule: marker(openedDevice) } as const]),
  ];
}

/** What is not there of the guard. */
export function missingGuard(table: ListedTable | undefined): readonly Rule[] {
  const found = rulesIn(table, chains.guard);
  return guardRules.filter((wanted) => !found.some((rule) => isSameRule("ip", wanted, rule)));
}

/** The devices we opened. */
export function openedDevices(table: ListedTable | undefined): string[] {
  return rulesIn(table, chains.guard).flatMap((rule) => markedDevice(rule) ?? []);
}

/** Takes the markers of these devices away. */
export function forgetDevices(table: ListedTable | undefined, devices: readonly string[]): Change[] {
  return rulesIn(table, chains.guard)
    .filter((rule) => devices.includes(markedDevice(rule) ?? ""))
    .map(({ handle }) => ({ kind: "deleteRule", chain: chains.guard, handle }));
}

function markedDevice(rule: ListedRule): string | undefined {
  const [device] = rule.comment === openedComment ? metaValues(rule, "iifname", "==") : [];
  return typeof device === "string" ? device : undefined;
}

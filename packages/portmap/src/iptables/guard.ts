import {
  type Desired,
  isQuotable,
  type ListedRule,
  listedValue,
  type Observed,
  type Rule,
  rulesOf,
} from "iptables-wrapper";
import type { Request } from "../backend.ts";
import { refuseDevice } from "../loopback.ts";
import { chains } from "./chains.ts";

/**
 * route_localnet lets packets from the node's 127.0.0.1 out to a container, and would let packets for
 * or from 127.0.0.0/8 in. The guard stands in table raw, before any translation, and drops those: nothing that
 * comes by a wire can be meant for loopback, or be from there, while answers to the node still bear its real
 * address.
 */
const enter: readonly Rule[] = (["destination", "source"] as const).map((end) => ({
  [end]: "127.0.0.0/8",
  comment: "CNI portfwd loopback guard",
  target: { kind: "jump", to: chains.guard },
}));
const drop: Rule = { inInterface: { name: "lo", negated: true }, target: { kind: "jump", to: "DROP" } };

/** IPv6 has no route_localnet; and without snat nothing from 127.0.0.1 could be answered. */
export function isGuarded({ config, destination }: Request): boolean {
  return config.snat && destination.family === "v4";
}

/** Marks a device whose route_localnet was 0 before we set it, so that somebody can close it again. */
const openedComment = "route_localnet opened";

function marker(device: string): Rule {
  if (!isQuotable(device)) refuseDevice(device, "iptables-restore");
  return { inInterface: { name: device }, comment: openedComment, target: { kind: "jump", to: "DROP" } };
}

/** The guard, with a marker if the device is about to be opened. Throws CniError 100 where no rule can name it. */
export function desiredGuard(openedDevice: string | undefined): Desired {
  return {
    shared: [chains.guard],
    entries: [
      { chain: "PREROUTING", position: "first", rules: enter },
      { chain: chains.guard, position: "last", rules: [drop] },
      ...(openedDevice === undefined
        ? []
        : [{ chain: chains.guard, position: "first", rules: [marker(openedDevice)] } as const]),
    ],
  };
}

/** The guard without the markers of these devices. */
export function desiredWithoutMarkers(devices: readonly string[]): Desired {
  const isOurs = (rule: ListedRule) => devices.includes(markedDevice(rule) ?? "");
  return { entries: [{ chain: chains.guard, position: "first", rules: [], isOurs }] };
}

/** The devices we opened. */
export function openedDevices(raw: Observed): string[] {
  return (rulesOf(raw, chains.guard) ?? []).flatMap((rule) => markedDevice(rule) ?? []);
}

function markedDevice(rule: ListedRule): string | undefined {
  return listedValue(rule, "--comment") === openedComment ? listedValue(rule, "-i") : undefined;
}

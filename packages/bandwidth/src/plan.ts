import { CniError, ErrorCode } from "@cni-chain/core";
import type { Link, LinkChange } from "@cni-chain/ip-ts";
import type { DeviceShaping, Filter, IngressHook, RedirectFilter, Tbf, TcChange } from "tc-ts";
import type { State } from "./state.ts";

/** What ADD is to bring about; a direction that is undefined is not touched. */
export interface Wanted {
  readonly ingress: Tbf | undefined;
  readonly egress: Tbf | undefined;
  readonly ifb: string;
  /** The ifb's `ifalias`. */
  readonly owner: string;
}

/** Changes in the order they have to be made: links first. */
export interface Plan {
  readonly links: readonly LinkChange[];
  readonly tc: readonly TcChange[];
  readonly warnings: readonly string[];
}

/** What brings this state to the wanted one. Throws CniError where something of somebody else's is in the way. */
export function planAdd(state: State, wanted: Wanted): Plan {
  const egress = wanted.egress === undefined ? nothing : planEgress(state, wanted, wanted.egress);
  const tc = [...egress.tc];
  if (wanted.ingress !== undefined) {
    refuseForeignRoot(state.veth.name, state.vethShaping);
    tc.push({ do: "setRootTbf", device: state.veth.name, tbf: wanted.ingress });
  }
  return { ...egress, tc };
}

/** Our filter, number by number, among those on a hook: whatever sends packets to our ifb, or to a link that is gone. */
export function ownFilters(shaping: DeviceShaping, ifb: string): readonly RedirectFilter[] {
  return shaping.filters
    .filter((filter) => filter.kind === "redirect")
    .filter(({ target }) => target === ifb || target === undefined);
}

/** The tbf at a device's root that is ours or the reference plugin's, known by its handle. */
export function ownTbf(shaping: DeviceShaping): Tbf | undefined {
  return shaping.qdiscs
    .filter((qdisc) => qdisc.kind === "tbf")
    .find(({ root, handle }) => root && handle === "1:");
}

/** The kind of the hook for filters on arriving packets; undefined while there is none. */
export function hookOf(shaping: DeviceShaping): IngressHook["kind"] | undefined {
  return shaping.qdiscs.find((qdisc) => qdisc.kind === "ingress" || qdisc.kind === "clsact")?.kind;
}

const nothing: Plan = { links: [], tc: [], warnings: [] };

function planEgress(state: State, { ifb, owner }: Wanted, tbf: Tbf): Plan {
  const { veth, vethShaping } = state;
  const device = veth.name;
  const tc: TcChange[] = [];
  if (hookOf(vethShaping) === undefined) tc.push({ do: "addHook", device, kind: "ingress" });
  tc.push({ do: "setRootTbf", device: ifb, tbf });
  const own = ownFilters(vethShaping, ifb);
  const kept = own.find((filter) => filter.target === ifb && filter.matchAll && filter.protocol === "all");
  for (const filter of own) if (filter !== kept) tc.push({ do: "deleteRedirect", device, filter });
  const foreign = vethShaping.filters.filter((filter) => !own.some((other) => other === filter));
  if (kept === undefined) {
    tc.push({ do: "addRedirect", device, preference: freePreference(foreign), target: ifb });
  }
  return {
    links: ifbChanges(state.ifb?.link, ifb, veth.mtu, owner),
    tc,
    warnings: foreign.length === 0 ? [] : [sharedHook(device, foreign)],
  };
}

/** An ifb without queue of its own: packets wait in the tbf alone. */
function ifbChanges(found: Link | undefined, name: string, mtu: number, alias: string): LinkChange[] {
  if (found === undefined) {
    return [
      { do: "addIfb", name, mtu, txqlen: 0 },
      { do: "set", name, alias, up: true },
    ];
  }
  if (found.kind !== "ifb") {
    throw new CniError(
      ErrorCode.operationFailed,
      `${name}, the name of this container's ifb, is taken by a link of kind ${found.kind ?? "unknown"}`,
      `Remove or rename it: ip link delete dev ${name}`,
    );
  }
  return [{ do: "set", name, mtu, txqlen: 0, alias, up: true }];
}

/** Handle `0:` marks what the kernel put there itself; `replace` would silently end everything else. */
function refuseForeignRoot(device: string, shaping: DeviceShaping): void {
  for (const qdisc of shaping.qdiscs) {
    if (qdisc.kind === "ingress" || qdisc.kind === "clsact") continue;
    if (!qdisc.root || qdisc.handle === "0:" || (qdisc.kind === "tbf" && qdisc.handle === "1:")) continue;
    const type = qdisc.kind === "tbf" ? "tbf" : qdisc.type;
    throw new CniError(
      ErrorCode.operationFailed,
      `${device} already has a root qdisc that somebody else has set: ${type} ${qdisc.handle}`,
      `Remove it (tc qdisc delete dev ${device} root), or do without the ingress limit.`,
    );
  }
}

/** 1 as the reference's, or the next that no filter of somebody else's has. */
function freePreference(foreign: readonly Filter[]): number {
  const taken = new Set(foreign.map(({ preference }) => preference));
  let preference = 1;
  while (taken.has(preference)) preference += 1;
  return preference;
}

function sharedHook(device: string, foreign: readonly Filter[]): string {
  const others = foreign.map(
    (filter) => `${filter.kind === "other" ? filter.type : "redirect"} at preference ${filter.preference}`,
  );
  return `${device} has filters of somebody else on arriving packets (${others.join(", ")}): of these and the egress limit, only the first to take a packet sees it`;
}

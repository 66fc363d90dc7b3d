import type { LinkChange } from "@cni-chain/ip-ts";
import type { DeviceShaping, TcChange } from "tc-ts";
import { hookOf, ownFilters, ownTbf } from "./plan.ts";
import type { State } from "./state.ts";

/** What takes our qdiscs and filters off the host's veth, and nobody else's. */
export function planRemoval(veth: string, shaping: DeviceShaping, ifb: string): readonly TcChange[] {
  const changes = removeFilters(veth, shaping, ifb);
  const tbf = ownTbf(shaping);
  if (tbf !== undefined) changes.push({ do: "deleteRoot", device: veth, handle: tbf.handle });
  return changes;
}

/** True where a filter leads from this device into the ifb, which proves whose it is. */
export function leadsTo(shaping: DeviceShaping, ifb: string): boolean {
  return shaping.filters.some((filter) => filter.kind === "redirect" && filter.target === ifb);
}

/** A hook of kind ingress goes with its last filter, our own; a clsact is always somebody else's. */
function removeFilters(device: string, shaping: DeviceShaping, ifb: string): TcChange[] {
  const own = ownFilters(shaping, ifb);
  if (own.length === 0) return [];
  if (own.length === shaping.filters.length && hookOf(shaping) === "ingress") {
    return [{ do: "deleteHook", device, kind: "ingress" }];
  }
  const shared = (preference: number): boolean =>
    shaping.filters.some(
      (filter) => filter.preference === preference && !own.some((mine) => mine === filter),
    );
  return own.map((filter) =>
    shared(filter.preference)
      ? { do: "deleteRedirect", device, filter }
      : { do: "deletePreference", device, filter: { ...filter, type: "u32" } },
  );
}

/** What brings the node from `after`, where a failed ADD has left it, back to `before`. */
export function planUndo(
  before: State,
  after: State,
  ifb: string,
): { readonly tc: readonly TcChange[]; readonly links: readonly LinkChange[] } {
  const device = before.veth.name;
  const tc: TcChange[] = [];
  if (hookOf(before.vethShaping) === undefined && hookOf(after.vethShaping) === "ingress") {
    tc.push({ do: "deleteHook", device, kind: "ingress" });
  } else if (ownFilters(before.vethShaping, ifb).length === 0) {
    tc.push(...removeFilters(device, after.vethShaping, ifb));
  }
  tc.push(...restoreRoot(device, before.vethShaping, after.vethShaping));
  if (before.ifb !== undefined && after.ifb !== undefined) {
    tc.push(...restoreRoot(ifb, before.ifb.shaping, after.ifb.shaping));
  }
  const made = before.ifb === undefined && after.ifb !== undefined;
  return { tc, links: made ? [{ do: "delete", name: ifb }] : [] };
}

function restoreRoot(device: string, before: DeviceShaping, after: DeviceShaping): TcChange[] {
  const [old, now] = [ownTbf(before), ownTbf(after)];
  if (now === undefined) return [];
  if (old === undefined) return [{ do: "deleteRoot", device, handle: now.handle }];
  const same = old.rate === now.rate && old.burst === now.burst && old.limit === now.limit;
  return same ? [] : [{ do: "setRootTbf", device, tbf: old }];
}

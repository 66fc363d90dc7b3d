import type { LinkChange } from "@cni-chain/ip-ts";
import type { DeviceShaping, TcChange } from "tc-ts";
import { hookOf, ownFilters, ownTbf } from "./plan.ts";
import type { State } from "./state.ts";

/** A veth of the host, what is on it, and the ifb that its filter leads into. */
export interface ShapedVeth {
  readonly veth: string;
  readonly shaping: DeviceShaping;
  readonly ifb: string;
  /** True where the ifb, which is made first, names this veth: a hook without filters is then of an ADD that was killed. */
  readonly isNamed?: boolean;
}

/** What takes our qdiscs and filters off the host's veth, and nobody else's. */
export function planRemoval({ veth, shaping, ifb, isNamed = false }: ShapedVeth): readonly TcChange[] {
  const changes: TcChange[] =
    isNamed && isBareHook(shaping)
      ? [{ do: "deleteHook", device: veth, kind: "ingress" }]
      : removeFilters(veth, shaping, ifb);
  const tbf = ownTbf(shaping);
  if (tbf !== undefined) changes.push({ do: "deleteRoot", device: veth, handle: tbf.handle });
  return changes;
}

/** True where a filter leads from this device into the ifb, or its ADD was killed before it set one: that proves whose it is. */
export function leadsTo({ shaping, ifb, isNamed = false }: ShapedVeth): boolean {
  if (isNamed && isBareHook(shaping)) return true;
  return shaping.filters.some((filter) => filter.kind === "redirect" && filter.target === ifb);
}

function isBareHook(shaping: DeviceShaping): boolean {
  return shaping.filters.length === 0 && hookOf(shaping) === "ingress";
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

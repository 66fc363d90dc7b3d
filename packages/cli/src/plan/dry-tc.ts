import type { Command } from "@cni-chain/exec";
import {
  changeCommand,
  type DeviceShaping,
  type Filter,
  type Qdisc,
  type TcChange,
  type TrafficControl,
  tbfDifferences,
} from "tc-ts";
import type { PlannedChange } from "./change.ts";

export interface DryTc {
  readonly tc: TrafficControl;
  /** Devices that `gone` names take their qdiscs and filters along. */
  changes(gone: ReadonlySet<string>): Promise<readonly PlannedChange[]>;
  readonly commands: readonly Command[];
}

interface Model {
  readonly before: DeviceShaping;
  after: DeviceShaping;
}

const nothing: DeviceShaping = { qdiscs: [], filters: [] };

/** Reads qdiscs and filters of the node, and shows what would be made of them. `isComing`: for devices that are not there yet. */
export function dryTc(real: TrafficControl, isComing: (device: string) => boolean): DryTc {
  const models = new Map<string, Model>();
  const commands: Command[] = [];

  async function look(devices: readonly string[]): Promise<void> {
    const unseen = devices.filter((device) => !models.has(device));
    const read = unseen.length === 0 ? new Map<string, DeviceShaping>() : await real.observe(unseen);
    for (const device of unseen) {
      const before = read.get(device) ?? (isComing(device) ? nothing : undefined);
      if (before !== undefined) models.set(device, { before, after: before });
    }
  }

  return {
    commands,
    tc: {
      async observe(devices) {
        await look(devices);
        return new Map(
          devices.flatMap((device) => {
            const model = models.get(device);
            return model === undefined ? [] : [[device, model.after]];
          }),
        );
      },
      async change(changes) {
        await look([...new Set(changes.map(({ device }) => device))]);
        const effective = changes.filter((change) => {
          const model = models.get(change.device);
          if (model === undefined) return true;
          const after = changed(model.after, change);
          const isSame = after === model.after;
          model.after = after;
          return !isSame;
        });
        if (effective.length > 0) commands.push(changeCommand(effective));
      },
    },
    async changes(gone) {
      await look([...gone]);
      for (const device of gone) {
        const model = models.get(device);
        if (model !== undefined) model.after = nothing;
      }
      return [...models].flatMap(([device, { before, after }]) => [
        ...qdiscChanges(device, before, after),
        ...filterChanges(device, before, after),
      ]);
    },
  };
}

/** The shaping after a change; the same object where it changes nothing. */
function changed(shaping: DeviceShaping, change: TcChange): DeviceShaping {
  const { qdiscs, filters } = shaping;
  switch (change.do) {
    case "setRootTbf": {
      const { tbf } = change;
      const isSame = (found: Qdisc) =>
        found.kind === "tbf" &&
        found.root &&
        found.handle === tbf.handle &&
        tbfDifferences(tbf, found).length === 0;
      if (qdiscs.some(isSame)) return shaping;
      return { filters, qdiscs: [...qdiscs.filter((one) => !isRoot(one)), { ...tbf, root: true }] };
    }
    case "deleteRoot":
      return { filters, qdiscs: qdiscs.filter((one) => !isRoot(one)) };
    case "addHook":
      return { filters, qdiscs: [...qdiscs, { kind: change.kind }] };
    case "deleteHook":
      return { filters: [], qdiscs: qdiscs.filter(({ kind }) => kind !== change.kind) };
    case "addRedirect": {
      const { preference, target } = change;
      const redirect = {
        kind: "redirect",
        preference,
        protocol: "all",
        handle: "new",
        matchAll: true,
        target,
      } as const;
      return { qdiscs, filters: [...filters, redirect] };
    }
    case "deleteRedirect":
      return {
        qdiscs,
        filters: filters.filter((one) => !(one.kind === "redirect" && one.handle === change.filter.handle)),
      };
    case "deletePreference":
      return { qdiscs, filters: filters.filter(({ preference }) => preference !== change.filter.preference) };
  }
}

function isRoot(qdisc: Qdisc): boolean {
  return (qdisc.kind === "tbf" || qdisc.kind === "other") && qdisc.root;
}

/** Handle `0:` marks what the kernel itself puts there. */
function isSomebodys(qdisc: Qdisc): boolean {
  return !(qdisc.kind === "other" && qdisc.handle === "0:");
}

function qdiscChanges(device: string, before: DeviceShaping, after: DeviceShaping): PlannedChange[] {
  const at = { kind: "qdisc", where: "tc", within: device } as const;
  const [old, now] = [before, after].map(({ qdiscs }) => qdiscs.filter(isSomebodys).map(qdiscText));
  const [oldRoot, newRoot] = [before, after].map(({ qdiscs }) => qdiscs.filter(isSomebodys).find(isRoot));
  if (oldRoot?.kind === "tbf" && newRoot?.kind === "tbf" && qdiscText(oldRoot) !== qdiscText(newRoot)) {
    return [{ ...at, action: "change", what: qdiscText(newRoot), before: qdiscText(oldRoot) }];
  }
  return [
    ...(old ?? [])
      .filter((text) => !now?.includes(text))
      .map((what) => ({ ...at, action: "remove" as const, what })),
    ...(now ?? [])
      .filter((text) => !old?.includes(text))
      .map((what) => ({ ...at, action: "add" as const, what })),
  ];
}

function qdiscText(qdisc: Qdisc): string {
  switch (qdisc.kind) {
    case "tbf":
      return `tbf ${qdisc.handle} root rate ${qdisc.rate * 8} bit/s burst ${qdisc.burst} bytes limit ${qdisc.limit} bytes`;
    case "other":
      return `${qdisc.type} ${qdisc.handle}${qdisc.root ? " root" : ""}`;
    default:
      return `${qdisc.kind} ffff:`;
  }
}

function filterChanges(device: string, before: DeviceShaping, after: DeviceShaping): PlannedChange[] {
  const at = { kind: "filter", where: "tc", within: device } as const;
  const has = (filters: readonly Filter[], one: Filter) => filters.some((other) => other === one);
  return [
    ...before.filters
      .filter((one) => !has(after.filters, one))
      .map((one) => ({ ...at, action: "remove" as const, what: filterText(one) })),
    ...after.filters
      .filter((one) => !has(before.filters, one))
      .map((one) => ({ ...at, action: "add" as const, what: filterText(one) })),
  ];
}

function filterText(filter: Filter): string {
  const head = `ingress protocol ${filter.protocol} pref ${filter.preference}`;
  if (filter.kind === "other") return `${head} ${filter.type}`;
  return `${head} u32 ${filter.matchAll ? "match all" : "match some"} redirect to ${filter.target ?? "a link that is gone"}`;
}

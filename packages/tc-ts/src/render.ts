import { batchDevice } from "./batch-device.ts";
import type { TcChange } from "./change.ts";
import type { Tbf } from "./qdisc.ts";
import { most, whole } from "./whole.ts";

/** The change as a line of `tc -batch`. Throws TypeError on a name no batch can hold, RangeError on a number tc cannot take. */
export function renderChange(change: TcChange): string {
  const device = batchDevice(change.device);
  switch (change.do) {
    case "setRootTbf":
      return `qdisc replace dev ${device} root handle ${handle(change.tbf.handle)} ${renderTbf(change.tbf)}`;
    case "deleteRoot":
      return `qdisc delete dev ${device} root handle ${handle(change.handle)}`;
    case "addHook":
      return `qdisc add dev ${device} ${change.kind}`;
    case "deleteHook":
      return `qdisc delete dev ${device} ${change.kind}`;
    case "addRedirect":
      return `filter add dev ${device} ingress protocol all prio ${preference(change.preference)} u32 match u32 0 0 flowid 1:1 action mirred egress redirect dev ${batchDevice(change.target)}`;
    case "deleteRedirect": {
      const { filter } = change;
      return `filter delete dev ${device} ingress protocol ${word(filter.protocol)} prio ${preference(filter.preference)} handle ${filterHandle(filter.handle)} u32`;
    }
    case "deletePreference": {
      const { filter } = change;
      return `filter delete dev ${device} ingress protocol ${word(filter.protocol)} prio ${preference(filter.preference)} ${word(filter.type)}`;
    }
  }
}

/** The lines that read a device's qdiscs and the filters on what arrives at it. Throws TypeError. */
export function renderShow(device: string): readonly [string, string] {
  const name = batchDevice(device);
  return [`qdisc show dev ${name}`, `filter show dev ${name} ingress`];
}

/** Numbers in whole bytes: `bps` is tc's word for bytes a second, and a size without unit is in bytes. */
function renderTbf(tbf: Tbf): string {
  return `tbf rate ${integer(tbf.rate, most.rate)}bps burst ${integer(tbf.burst, most.size)} limit ${integer(tbf.limit, most.size)}`;
}

function integer(value: number, most: number): string {
  // Not String(value), which writes large numbers with an exponent and with rounded digits.
  return BigInt(whole(value, most)).toString();
}

function preference(value: number): string {
  return integer(value, most.preference);
}

function handle(value: string): string {
  return matching(value, /^[0-9a-f]{1,4}:$/);
}

function filterHandle(value: string): string {
  return matching(value, /^[0-9a-f]{1,3}:[0-9a-f]{0,2}:[0-9a-f]{1,3}$/);
}

function word(value: string): string {
  return matching(value, /^[\w.-]+$/);
}

function matching(value: string, pattern: RegExp): string {
  if (!pattern.test(value))
    throw new TypeError(`${JSON.stringify(value)} is not of the form ${pattern.source}`);
  return value;
}

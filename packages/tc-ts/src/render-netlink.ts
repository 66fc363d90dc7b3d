import {
  type Attribute,
  encodeAttributes,
  flag,
  joined,
  nested,
  type Request,
  text,
  u32,
  u64,
} from "@cni-chain/netlink";
import type { TcChange } from "./change.ts";
import {
  actionAttribute,
  bytesOf,
  egressRedirect,
  filterType,
  hookHandle,
  mirredParameters,
  nanosecondsPerTick,
  parent,
  protocolNumber,
  qdiscType,
  tbfAttribute,
  tca,
  u32Attribute,
} from "./netlink-numbers.ts";
import type { Handle, Tbf } from "./qdisc.ts";
import { renderChange } from "./render.ts";
import { most, whole } from "./whole.ts";

/**
 * The change as a message of rtnetlink(7), the same that tc sends for it. Throws TypeError on handles and protocols that are
 * none, RangeError on numbers the kernel cannot take.
 *
 * @param ifindexOf gives the index of each device that the change names
 */
export function changeRequest(change: TcChange, ifindexOf: (device: string) => number): Request {
  const what = () => changeLine(change);
  const ifindex = ifindexOf(change.device);
  const make = (type: number, flags: number, header: Header, attributes: readonly Attribute[]): Request => {
    return { what, type, flags, body: joined([headerBytes(ifindex, header), encodeAttributes(attributes)]) };
  };
  switch (change.do) {
    case "setRootTbf":
      return make(qdiscType.new, flag.create | flag.replace, atRoot(change.tbf.handle), [
        kind("tbf"),
        [tca.options, tbfOptions(change.tbf)],
      ]);
    case "deleteRoot":
      return make(qdiscType.delete, 0, atRoot(change.handle), []);
    case "addHook":
      return make(qdiscType.new, flag.create | flag.exclusive, hook, [kind(change.kind)]);
    case "deleteHook":
      return make(qdiscType.delete, 0, hook, [kind(change.kind)]);
    case "addRedirect":
      return make(filterType.new, flag.create | flag.exclusive, arriving(change.preference, "all"), [
        kind("u32"),
        [tca.options, redirectOptions(ifindexOf(change.target))],
      ]);
    case "deleteRedirect": {
      const { preference, protocol, handle } = change.filter;
      return make(filterType.delete, 0, arriving(preference, protocol, u32Handle(handle)), [kind("u32")]);
    }
    case "deletePreference": {
      const { preference, protocol, type } = change.filter;
      return make(filterType.delete, 0, arriving(preference, protocol), [kind(type)]);
    }
  }
}

/** The line of tc that would do the same, where there is one: a batch cannot hold every name that the kernel takes. */
export function changeLine(change: TcChange): string {
  try {
    return renderChange(change);
  } catch {
    return JSON.stringify(change);
  }
}

/** Asks for the qdisc at a device's root, or for the one where filters on arriving packets hang. */
export function qdiscRequest(device: string, ifindex: number, place: "root" | "hook"): Request {
  const body = headerBytes(ifindex, { handle: 0, parent: parent[place], info: 0 });
  // Kernels before 6.x send their answer by way of a notification, and to the one who asks only with this flag.
  return { what: () => `qdisc show dev ${device} ${place}`, type: qdiscType.get, flags: flag.echo, body };
}

/** Asks for the filters on what arrives at a device. */
export function filtersRequest(device: string, ifindex: number): Request {
  const body = headerBytes(ifindex, { handle: 0, parent: parent.arriving, info: 0 });
  return { what: () => `filter show dev ${device} ingress`, type: filterType.get, flags: flag.dump, body };
}

/** The part of struct tcmsg beside the device. */
interface Header {
  readonly handle: number;
  readonly parent: number;
  /** Of a filter: preference in the upper half, protocol in network byte order in the lower. */
  readonly info: number;
}

const hook: Header = { handle: hookHandle, parent: parent.hook, info: 0 };

function atRoot(handle: Handle): Header {
  const major = Number.parseInt(handle, 16);
  // What a number was read from may have more in it than that.
  if (!(major >= 0 && major <= 0xffff && handle === `${major.toString(16)}:`))
    throw new TypeError(`not a handle: ${JSON.stringify(handle)}`);
  return { handle: major * 0x10000, parent: parent.root, info: 0 };
}

function arriving(preference: number, protocol: string, handle = 0): Header {
  const number = protocolNumber(protocol);
  const swapped = ((number & 0xff) << 8) | (number >> 8);
  return { handle, parent: parent.arriving, info: whole(preference, most.preference) * 0x10000 + swapped };
}

function headerBytes(ifindex: number, { handle, parent, info }: Header): Uint8Array {
  const bytes = new Uint8Array(bytesOf.header);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, ifindex, true);
  view.setUint32(8, handle, true);
  view.setUint32(12, parent, true);
  view.setUint32(16, info, true);
  return bytes;
}

/**
 * As q_tbf.c of iproute2, but for the table of transmission times (TCA_TBF_RTAB): kernels from 3.9 on do not look at it where the
 * link layer is given. A rate that 32 bits cannot hold stands in rate64; the burst in bytes goes before its
 * time, which tc counts at the rate of 32 bits.
 */
function tbfOptions({ rate, burst, limit }: Tbf): readonly Attribute[] {
  const parameters = new Uint8Array(bytesOf.tbf);
  const view = new DataView(parameters.buffer);
  const ethernet = 1;
  const cellLog = 3;
  view.setUint8(0, cellLog);
  view.setUint8(1, ethernet);
  view.setInt16(4, -1, true);
  const narrow = Math.min(whole(rate, most.rate), 0xffff_ffff);
  view.setUint32(8, narrow, true);
  view.setUint32(24, whole(limit, most.size), true);
  view.setUint32(28, ticks(burst, narrow), true);
  const wide: readonly Attribute[] = rate > 0xffff_ffff ? [[tbfAttribute.rate64, u64(BigInt(rate))]] : [];
  return [[tbfAttribute.parameters, parameters], [tbfAttribute.burst, u32(whole(burst, most.size))], ...wide];
}

/** The time in which so many bytes pass, whole microseconds first, as tc counts; it wraps at 32 bits. */
function ticks(size: number, rate: number): number {
  const microseconds = Math.floor((1e6 * size) / rate);
  return Math.floor((microseconds * 1000) / nanosecondsPerTick) % 2 ** 32;
}

/** Match nothing in particular, classify as 1:1, and send all of it to the other device. */
function redirectOptions(target: number): readonly Attribute[] {
  const stolen = 4;
  const mirred = new Uint8Array(bytesOf.mirred);
  const view = new DataView(mirred.buffer);
  view.setInt32(8, stolen, true);
  view.setInt32(20, egressRedirect, true);
  view.setUint32(24, target, true);
  const selector = new Uint8Array(bytesOf.selector + bytesOf.key);
  const terminal = 1;
  selector[0] = terminal;
  selector[2] = 1;
  const action: readonly Attribute[] = [
    [actionAttribute.kind, text("mirred")],
    [actionAttribute.options | nested, [[mirredParameters, mirred]]],
  ];
  return [
    [u32Attribute.classId, u32(0x0001_0001)],
    [u32Attribute.action, [[1, action]]],
    [u32Attribute.selector, selector],
  ];
}

/** `800:1:2`: hash table, bucket, node; 12, 8 and 12 bits. */
function u32Handle(handle: string): number {
  const [table = 0, bucket = 0, node = 0] = handle.split(":").map((part) => Number(`0x${part || "0"}`));
  if (!/^[0-9a-f]{1,3}:[0-9a-f]{0,2}:[0-9a-f]{1,3}$/.test(handle)) {
    throw new TypeError(`not a u32 filter's handle: ${JSON.stringify(handle)}`);
  }
  return table * 2 ** 20 + bucket * 2 ** 12 + node;
}

function kind(name: string): Attribute {
  return [tca.kind, text(name)];
}

import { parseAttributes, readText, readU32, readU64, viewOf } from "@cni-chain/netlink";
import {
  actionAttribute,
  bytesOf,
  egressRedirect,
  mirredParameters,
  nanosecondsPerTick,
  parent,
  protocolName,
  tbfAttribute,
  tca,
  u32Attribute,
} from "./netlink-numbers.ts";
import type { Handle, OtherFilter, Qdisc, RedirectFilter } from "./qdisc.ts";
import { bytes, bytesPerSecond } from "./units.ts";

/** Reads the body of a qdisc message. Throws RangeError, SyntaxError. */
export function parseQdisc(body: Uint8Array): Qdisc {
  const { type, options } = kindAndOptions(body);
  if (type === "ingress" || type === "clsact") return { kind: type };
  const view = viewOf(body);
  const handle: Handle = `${(view.getUint32(8, true) >>> 16).toString(16)}:`;
  const root = view.getUint32(12, true) === parent.root;
  if (type !== "tbf") return { kind: "other", type, handle, root };
  const attributes = options === undefined ? undefined : parseAttributes(options);
  const parameters = attributes?.get(tbfAttribute.parameters);
  if (parameters === undefined || parameters.length < bytesOf.tbf) {
    throw new SyntaxError("a tbf without its parameters");
  }
  const numbers = viewOf(parameters);
  const rate = Number(readU64(attributes?.get(tbfAttribute.rate64)) ?? numbers.getUint32(8, true));
  const seconds = (numbers.getUint32(28, true) * nanosecondsPerTick) / 1e9;
  return {
    kind: "tbf",
    handle,
    root,
    rate: bytesPerSecond(rate),
    burst: bytes(Math.round(rate * seconds)),
    limit: bytes(numbers.getUint32(24, true)),
  };
}

/** A filter whose target is still an index: its name takes a further question. 0 stands for a device that is gone. */
export interface ParsedRedirect extends Omit<RedirectFilter, "target"> {
  readonly targetIndex: number;
}

/** Reads the body of a filter message; undefined for the head of a preference and for a hash table of u32. Throws RangeError. */
export function parseFilter(body: Uint8Array): ParsedRedirect | OtherFilter | undefined {
  const { type, options } = kindAndOptions(body);
  if (options === undefined) return undefined;
  const view = viewOf(body);
  const preference = view.getUint16(18, true);
  const protocol = protocolName(view.getUint16(16));
  const other: OtherFilter = { kind: "other", type, preference, protocol };
  if (type !== "u32") return other;
  const attributes = parseAttributes(options);
  if (attributes.has(u32Attribute.divisor)) return undefined;
  const targetIndex = redirectTarget(attributes.get(u32Attribute.action));
  if (targetIndex === undefined) return other;
  return {
    kind: "redirect",
    preference,
    protocol,
    handle: u32HandleText(view.getUint32(8, true)),
    matchAll: takesEverything(attributes.get(u32Attribute.selector)),
    targetIndex,
  };
}

function kindAndOptions(body: Uint8Array): {
  readonly type: string;
  readonly options: Uint8Array | undefined;
} {
  const attributes = parseAttributes(body.subarray(bytesOf.header));
  const type = readText(attributes.get(tca.kind));
  if (type === undefined) throw new SyntaxError("a qdisc or filter without its kind");
  return { type, options: attributes.get(tca.options) };
}

/** The index of the device that the first of the actions that redirect to an egress leads to. */
function redirectTarget(actions: Uint8Array | undefined): number | undefined {
  if (actions === undefined) return undefined;
  for (const action of parseAttributes(actions).values()) {
    const attributes = parseAttributes(action);
    const options = attributes.get(actionAttribute.options);
    if (readText(attributes.get(actionAttribute.kind)) !== "mirred" || options === undefined) continue;
    const mirred = parseAttributes(options).get(mirredParameters);
    if (mirred === undefined || mirred.length < bytesOf.mirred) continue;
    if (readU32(mirred.subarray(20)) === egressRedirect) return readU32(mirred.subarray(24));
  }
  return undefined;
}

/** True where the mask of every key is zero. */
function takesEverything(selector: Uint8Array | undefined): boolean {
  const keys = selector?.[2] ?? 0;
  if (selector === undefined || keys === 0) return false;
  return Array.from({ length: keys }, (_, index) => bytesOf.selector + index * bytesOf.key).every(
    (at) => readU32(selector.subarray(at)) === 0,
  );
}

/** As tc writes it: `800::800`, the bucket left out where it is 0. */
function u32HandleText(handle: number): string {
  const [table, bucket, node] = [handle >>> 20, (handle >>> 12) & 0xff, handle & 0xfff];
  return `${table.toString(16)}:${bucket === 0 ? "" : bucket.toString(16)}:${node.toString(16)}`;
}

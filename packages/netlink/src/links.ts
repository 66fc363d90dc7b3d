import {
  type Attribute,
  encodeAttributes,
  joined,
  parseAttributes,
  readText,
  text,
  u32,
  viewOf,
} from "./attributes.ts";
import { errno, NetlinkError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { flag, type Request } from "./message.ts";

/** Types of linux/rtnetlink.h about links. */
export const linkType = { new: 16, delete: 17, get: 18 } as const;
/** Attributes of linux/if_link.h, IFLA_… */
export const linkAttribute = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  txqlen: 13,
  info: 18,
  alias: 20,
  extMask: 29,
  netnsid: 37,
} as const;
export const linkInfoKind = 1;

/** Bytes of struct ifinfomsg, behind which the attributes begin. */
export const linkHeaderBytes = 16;
const skipStatistics = 8;
const [slash, colon] = [0x2f, 0x3a];

/** struct ifinfomsg: a link by its index (0: by an attribute), and of its flags those that are to change. */
export function linkHeader(ifindex = 0, flags = 0, change = 0): Uint8Array {
  const bytes = new Uint8Array(linkHeaderBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, ifindex, true);
  view.setUint32(8, flags, true);
  view.setUint32(12, change, true);
  return bytes;
}

/** True for what the kernel takes for a link's name (dev_valid_name in net/core/dev.c): 1 to 15 bytes, no `/`, `:` or white space. */
export function isDeviceName(name: string): boolean {
  return isName(name, text(name));
}

function isName(name: string, bytes: Uint8Array): boolean {
  // Half a character would be encoded as another name.
  let valid = bytes.length > 1 && bytes.length <= 16 && name !== "." && name !== ".." && name.isWellFormed();
  // isspace() of the kernel, which knows bytes of Latin-1: also the second of `à`.
  for (let at = 0; at < bytes.length - 1; at += 1) {
    const byte = bytes[at] ?? 0;
    const isSpace = (byte >= 9 && byte <= 13) || byte === 0x20 || byte === 0xa0;
    valid &&= byte !== 0 && !isSpace && byte !== slash && byte !== colon;
  }
  return valid;
}

/** A device's name, zero-terminated. Throws TypeError on what is none. */
export function deviceName(name: string): Uint8Array {
  const bytes = text(name);
  if (!isName(name, bytes)) throw new TypeError(`not a device name: ${JSON.stringify(name)}`);
  return bytes;
}

/** A link, by its name or by its index. */
export type LinkId = { readonly name: string } | { readonly ifindex: number };

/** Asks for one link. */
export function linkRequest(id: LinkId): Request {
  const byName: readonly Attribute[] = "name" in id ? [[linkAttribute.name, deviceName(id.name)]] : [];
  const attributes = encodeAttributes([[linkAttribute.extMask, u32(skipStatistics)], ...byName]);
  const what = () => ("name" in id ? `link show dev ${id.name}` : `link show index ${id.ifindex}`);
  const header = linkHeader("name" in id ? 0 : id.ifindex);
  return { what, type: linkType.get, flags: 0, body: joined([header, attributes]) };
}

/** Asks for all links of a kind. */
export function linksOfKindRequest(kind: string): Request {
  const attributes = encodeAttributes([
    [linkAttribute.extMask, u32(skipStatistics)],
    [linkAttribute.info, [[linkInfoKind, text(kind)]]],
  ]);
  return {
    what: () => `link show type ${kind}`,
    type: linkType.get,
    flags: flag.dump,
    body: joined([linkHeader(), attributes]),
  };
}

/** The message about a link; undefined where there is none such, as of a name that no link can have. Throws NetlinkError. */
export function findLink(exchange: Exchange, id: LinkId): Uint8Array | undefined {
  if ("name" in id && !isDeviceName(id.name)) return undefined;
  const request = linkRequest(id);
  try {
    const [message] = exchange(request);
    if (message !== undefined) return message.body;
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === errno.ENODEV) return undefined;
    throw error;
  }
  throw new NetlinkError(request.what(), 0, "acknowledged, but not answered");
}

/** The index of the link that this message is about. */
export function ifindexOf(body: Uint8Array): number {
  return viewOf(body).getInt32(4, true);
}

/** The name of the link that this message is about. */
export function nameOf(body: Uint8Array): string | undefined {
  return readText(parseAttributes(body.subarray(linkHeaderBytes)).get(linkAttribute.name));
}

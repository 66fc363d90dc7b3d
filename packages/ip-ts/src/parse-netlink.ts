import {
  ifindexOf,
  linkAttribute,
  linkHeaderBytes,
  linkInfoKind,
  parseAttributes,
  readText,
  readU32,
  viewOf,
} from "@cni-chain/netlink";
import type { Address, Link } from "./link.ts";

/** A link whose relations are still indices: their names take further questions. */
export interface ParsedLink extends Omit<Link, "master" | "peer"> {
  readonly masterIndex: number | undefined;
  /** Undefined where the link stands for itself. */
  readonly peerIndex: number | undefined;
  /** Undefined where the peer is in the same network namespace. */
  readonly peerNetnsid: number | undefined;
}

/** Reads the body of a link message. Throws RangeError, SyntaxError. */
export function parseLink(body: Uint8Array): ParsedLink {
  const attributes = parseAttributes(body.subarray(linkHeaderBytes));
  const name = readText(attributes.get(linkAttribute.name));
  const mtu = readU32(attributes.get(linkAttribute.mtu));
  if (name === undefined || mtu === undefined) throw new SyntaxError("a link without name or MTU");
  const info = attributes.get(linkAttribute.info);
  const flags = viewOf(body).getUint32(8, true);
  const mac = attributes.get(linkAttribute.address);
  return {
    name,
    ifindex: ifindexOf(body),
    kind: info === undefined ? undefined : readText(parseAttributes(info).get(linkInfoKind)),
    flags: flagNames(flags),
    up: (flags & 1) !== 0,
    mtu,
    txqlen: readU32(attributes.get(linkAttribute.txqlen)) ?? 0,
    mac: mac === undefined || mac.length === 0 ? undefined : macText(mac),
    alias: readText(attributes.get(linkAttribute.alias)),
    masterIndex: readU32(attributes.get(linkAttribute.master)),
    peerIndex: readU32(attributes.get(linkAttribute.link)),
    peerNetnsid: readU32(attributes.get(linkAttribute.netnsid)),
  };
}

const running = 0x40;
/** IFF_… of linux/if.h, in the order in which `ip` names them. */
const names: readonly (readonly [bit: number, name: string])[] = [
  [0x8, "LOOPBACK"],
  [0x2, "BROADCAST"],
  [0x10, "POINTOPOINT"],
  [0x1000, "MULTICAST"],
  [0x80, "NOARP"],
  [0x200, "ALLMULTI"],
  [0x100, "PROMISC"],
  [0x400, "MASTER"],
  [0x800, "SLAVE"],
  [0x4, "DEBUG"],
  [0x8000, "DYNAMIC"],
  [0x4000, "AUTOMEDIA"],
  [0x2000, "PORTSEL"],
  [0x20, "NOTRAILERS"],
  [0x1, "UP"],
  [0x10000, "LOWER_UP"],
  [0x20000, "DORMANT"],
  [0x40000, "ECHO"],
];

function flagNames(flags: number): readonly string[] {
  const set: string[] = (flags & 1) !== 0 && (flags & running) === 0 ? ["NO-CARRIER"] : [];
  for (const [bit, name] of names) if ((flags & bit) !== 0) set.push(name);
  return set;
}

const families: Readonly<Record<number, Address["family"]>> = { 2: "inet", 10: "inet6" };
const scopes: Readonly<Record<number, string>> = {
  0: "global",
  200: "site",
  253: "link",
  254: "host",
  255: "nowhere",
};
const addressHeaderBytes = 8;
/** IFA_ADDRESS and IFA_LOCAL of linux/if_addr.h: on a point-to-point link the first is the other side's. */
const [ifaAddress, ifaLocal] = [1, 2];

/** Reads the body of an address message: of which link, and which; undefined for another family. Throws RangeError. */
export function parseAddress(
  body: Uint8Array,
): { readonly ifindex: number; readonly address: Address } | undefined {
  const view = viewOf(body);
  const family = families[view.getUint8(0)];
  const attributes = parseAttributes(body.subarray(addressHeaderBytes));
  const bytes = attributes.get(ifaLocal) ?? attributes.get(ifaAddress);
  if (family === undefined || bytes === undefined) return undefined;
  const scope = view.getUint8(3);
  return {
    ifindex: view.getUint32(4, true),
    address: {
      family,
      address: family === "inet" ? bytes.join(".") : ipv6Text(bytes),
      prefixLength: view.getUint8(1),
      scope: scopes[scope] ?? String(scope),
    },
  };
}

/** The text of inet_ntop(3), RFC 5952: the first of the longest runs of two or more zero groups is `::`. */
export function ipv6Text(bytes: Uint8Array): string {
  const view = viewOf(bytes);
  const { start, end } = longestZeroRun(view);
  let written = "";
  for (let group = 0; group < 8; group += 1) {
    if (group >= start && group < end) {
      if (group === start) written += "::";
      continue;
    }
    if (group > 0 && group !== end) written += ":";
    // An IPv4 address in IPv6's clothes.
    if (group === 6 && start === 0 && end === 5 && view.getUint16(10) === 0xffff) {
      return written + bytes.subarray(12).join(".");
    }
    written += view.getUint16(group * 2).toString(16);
  }
  return written;
}

/** Of the eight groups; `start` is 8 where there is none. */
function longestZeroRun(view: DataView): { readonly start: number; readonly end: number } {
  let [start, end, zeros] = [8, 8, 0];
  for (let group = 0; group < 8; group += 1) {
    zeros = view.getUint16(group * 2) === 0 ? zeros + 1 : 0;
    if (zeros > 1 && (start === 8 || zeros > end - start)) [start, end] = [group + 1 - zeros, group + 1];
  }
  return { start, end };
}

/** Of a link whose addresses are bytes of their own, Ethernet's above all. */
function macText(bytes: Uint8Array): string {
  let written = "";
  for (let at = 0; at < bytes.length; at += 1) {
    written += `${at === 0 ? "" : ":"}${(bytes[at] ?? 0).toString(16).padStart(2, "0")}`;
  }
  return written;
}

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
    mac: mac === undefined || mac.length === 0 ? undefined : [...mac].map(twoDigits).join(":"),
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
  const idle = (flags & 1) !== 0 && (flags & running) === 0;
  const set = names.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => name);
  return idle ? ["NO-CARRIER", ...set] : set;
}

const families: Readonly<Record<number, Address["family"]>> = { 2: "inet", 10: "inet6" };
const scopes: Readonly<Record<number, string>> = { 0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere" };
const addressHeaderBytes = 8;
/** IFA_ADDRESS and IFA_LOCAL of linux/if_addr.h: on a point-to-point link the first is the other side's. */
const [ifaAddress, ifaLocal] = [1, 2];

/** Reads the body of an address message: of which link, and which; undefined for another family. Throws RangeError. */
export function parseAddress(body: Uint8Array): { readonly ifindex: number; readonly address: Address } | undefined {
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

/** The text of inet_ntop(3), RFC 5952: the longest run of two or more zero groups is `::`. */
export function ipv6Text(bytes: Uint8Array): string {
  const view = viewOf(bytes);
  const groups = Array.from({ length: 8 }, (_, index) => view.getUint16(index * 2).toString(16));
  const isMapped = groups.slice(0, 5).every((group) => group === "0") && groups[5] === "ffff";
  if (isMapped) return `::ffff:${bytes.slice(12).join(".")}`;
  const runs = [...groups.join(":").matchAll(/(?<![^:])0(?::0)+(?![^:])/g)];
  const longest = runs.reduce((best, [run]) => (run.length > best.length ? run : best), "");
  if (longest === "") return groups.join(":");
  const [, before = "", after = ""] =
    new RegExp(`^(.*?)(?<![^:])${longest}(?![^:])(.*)$`).exec(groups.join(":")) ?? [];
  return `${before.replace(/:$/, "")}::${after.replace(/^:/, "")}`;
}

function twoDigits(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

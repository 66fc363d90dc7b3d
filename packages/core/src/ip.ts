/** An IP address in its one canonical spelling, fit for comparing as text. */
export interface Address {
  readonly family: "v4" | "v6";
  /** Dotted decimal; or RFC 5952: lower case, longest run of zeros as `::`. */
  readonly address: string;
  /** 0.0.0.0 or `::`. */
  readonly unspecified: boolean;
}

/** An address with the length of its network's prefix; host bits are kept. */
export interface Cidr extends Address {
  /** Bits: 0 to 32, or 0 to 128. */
  readonly prefix: number;
}

/**
 * Reads an address, strictly: four decimal numbers without leading zeros, or RFC 4291 section 2.2; no zone.
 * An IPv4-mapped one (`::ffff:10.0.0.1`) is the IPv4 address, as it is to Go. undefined for anything else.
 */
export function parseAddress(text: string): Address | undefined {
  return toAddress(readBytes(text));
}

/** Reads `address/prefix` by the rules of parseAddress; a mapped address needs a prefix of 96 or more. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  const length = decimal(text.slice(slash + 1), 128);
  const bytes = slash < 0 ? undefined : readBytes(text.slice(0, slash));
  const address = toAddress(bytes);
  if (length === undefined || bytes === undefined || address === undefined) return undefined;
  const mappedBits = bytes.length === 16 && address.family === "v4" ? 96 : 0;
  const prefix = length - mappedBits;
  const bits = address.family === "v4" ? 32 : 128;
  return prefix < 0 || prefix > bits ? undefined : { ...address, prefix };
}

/** `10.0.0.2/24`, as `parseCidr` reads it. */
export function formatCidr({ address, prefix }: Cidr): string {
  return `${address}/${prefix}`;
}

/** 4 bytes, or 16. */
type Bytes = readonly number[];

function readBytes(text: string): Bytes | undefined {
  return text.includes(":") ? readV6(text) : readV4(text);
}

function readV4(text: string): Bytes | undefined {
  const bytes: number[] = [];
  for (const part of text.split(".")) {
    const byte = decimal(part, 255);
    if (byte === undefined) return undefined;
    bytes.push(byte);
  }
  return bytes.length === 4 ? bytes : undefined;
}

/** A whole number in its one decimal spelling, without sign and leading zeros. */
function decimal(text: string, most: number): number | undefined {
  const value = Number(text);
  return String(value) === text && Number.isInteger(value) && value >= 0 && value <= most ? value : undefined;
}

function readV6(text: string): Bytes | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head = "", tail] = halves;
  const before = readGroups(head, tail === undefined);
  const after = readGroups(tail ?? "", true);
  if (before === undefined || after === undefined) return undefined;
  const zeros = 16 - before.length - after.length;
  const fits = tail === undefined ? zeros === 0 : zeros >= 2;
  return fits ? [...before, ...Array<number>(zeros).fill(0), ...after] : undefined;
}

/** Bytes of groups between colons; only the address's last group may be an IPv4 address. */
function readGroups(text: string, last: boolean): Bytes | undefined {
  if (text === "") return [];
  const groups = text.split(":");
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    if (/^[\da-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else {
      const v4 = last && index === groups.length - 1 ? readV4(group) : undefined;
      if (v4 === undefined) return undefined;
      bytes.push(...v4);
    }
  }
  return bytes;
}

function toAddress(bytes: Bytes | undefined): Address | undefined {
  if (bytes === undefined) return undefined;
  const mapped = bytes.length === 16 && isZero(bytes, 10) && bytes[10] === 255 && bytes[11] === 255;
  const own = mapped ? bytes.slice(12) : bytes;
  const v4 = own.length === 4;
  return {
    family: v4 ? "v4" : "v6",
    address: v4 ? own.join(".") : formatV6(own),
    unspecified: isZero(own, own.length),
  };
}

/** True where the first `count` bytes are all zero. */
function isZero(bytes: Bytes, count: number): boolean {
  for (let at = 0; at < count; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

function formatV6(bytes: Bytes): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const full = groups.map((group) => group.toString(16)).join(":");
  const runs = full.match(/\b0(?::0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  return longest === "" ? full : full.replace(new RegExp(`:?\\b${longest}\\b:?`), "::");
}

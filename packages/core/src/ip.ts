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
  const [, before = "", after = ""] = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  const bytes = readBytes(before);
  const address = toAddress(bytes);
  if (bytes === undefined || address === undefined) return undefined;
  const mappedBits = bytes.length === 16 && address.family === "v4" ? 96 : 0;
  const prefix = Number(after) - mappedBits;
  const bits = address.family === "v4" ? 32 : 128;
  return prefix < 0 || prefix > bits ? undefined : { ...address, prefix };
}

export function formatCidr({ address, prefix }: Cidr): string {
  return `${address}/${prefix}`;
}

/** 4 bytes, or 16. */
type Bytes = readonly number[];

function readBytes(text: string): Bytes | undefined {
  return text.includes(":") ? readV6(text) : readV4(text);
}

function readV4(text: string): Bytes | undefined {
  const parts = text.split(".");
  const strict = parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part));
  const bytes = parts.map(Number);
  return strict && bytes.every((byte) => byte <= 255) ? bytes : undefined;
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
  const mapped =
    bytes.length === 16 && bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 255 && bytes[11] === 255;
  const own = mapped ? bytes.slice(12) : bytes;
  const v4 = own.length === 4;
  return {
    family: v4 ? "v4" : "v6",
    address: v4 ? own.join(".") : formatV6(own),
    unspecified: own.every((byte) => byte === 0),
  };
}

function formatV6(bytes: Bytes): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const full = groups.map((group) => group.toString(16)).join(":");
  const runs = full.match(/\b0(?::0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  return longest === "" ? full : full.replace(new RegExp(`:?\\b${longest}\\b:?`), "::");
}

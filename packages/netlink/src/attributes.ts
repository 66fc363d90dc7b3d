/**
 * An attribute of a netlink message (struct nlattr in linux/netlink.h): a type, and bytes or further attributes. All
 * numbers are in the byte order of x86-64 and arm64, little endian.
 */
export type Attribute = readonly [type: number, value: Uint8Array | readonly Attribute[]];

/** Says of an attribute's type that it holds attributes; the kernel asks for it in newer kinds only. */
export const nested = 0x8000;
/** Without the two flags, nested and network byte order. */
const typeMask = 0x3fff;
const headerBytes = 4;

/** Attributes one after the other, each padded to four bytes. Throws RangeError on one of more than 65535 bytes. */
export function encodeAttributes(attributes: readonly Attribute[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [type, value] of attributes) {
    const payload = value instanceof Uint8Array ? value : encodeAttributes(value);
    const length = headerBytes + payload.length;
    if (length > 0xffff) throw new RangeError(`attribute ${type} is too long: ${payload.length} bytes`);
    const bytes = new Uint8Array(aligned(length));
    bytes.set([length & 0xff, length >> 8, type & 0xff, type >> 8]);
    bytes.set(payload, headerBytes);
    parts.push(bytes);
  }
  return joined(parts);
}

/**
 * The attributes that fill these bytes, by type without flags; of several of one type, the last. The values are views.
 * Throws RangeError where a length leads outside.
 */
export function parseAttributes(bytes: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (let at = 0; at + headerBytes <= bytes.length; ) {
    const length = u16At(bytes, at);
    if (length < headerBytes || at + length > bytes.length) {
      throw new RangeError(`an attribute of ${length} bytes where ${bytes.length - at} are left`);
    }
    found.set(u16At(bytes, at + 2) & typeMask, bytes.subarray(at + headerBytes, at + length));
    at += aligned(length);
  }
  return found;
}

/** Four bytes, little endian. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** Eight bytes, little endian. */
export function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

/** Text in UTF-8 with a zero at its end. */
export function text(value: string): Uint8Array {
  return new TextEncoder().encode(`${value}\0`);
}

/** Undefined for an attribute that is not there or too short. */
export function readU32(bytes: Uint8Array | undefined): number | undefined {
  return bytes === undefined || bytes.length < 4 ? undefined : viewOf(bytes).getUint32(0, true);
}

/** Undefined for an attribute that is not there or too short. */
export function readU64(bytes: Uint8Array | undefined): bigint | undefined {
  return bytes === undefined || bytes.length < 8 ? undefined : viewOf(bytes).getBigUint64(0, true);
}

/** Text up to its first zero. A byte order mark at its beginning is part of it: two names are two names. */
export function readText(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined) return undefined;
  const end = bytes.indexOf(0);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** For reading numbers at offsets of a structure. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function u16At(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

/** The next multiple of four bytes (NLA_ALIGN, NLMSG_ALIGN): where what follows begins. */
export function aligned(length: number): number {
  return (length + 3) & ~3;
}

/** One behind the other, without padding. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

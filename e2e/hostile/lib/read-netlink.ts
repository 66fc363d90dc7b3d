import { Buffer } from "node:buffer";

// Messages of rtnetlink as the kernel's headers have them (linux/netlink.h, rtnetlink.h, if_link.h, pkt_sched.h, pkt_cls.h), read
// by a reader that has nothing in common with what writes them, and that takes no byte it does not know.

/** A message by its meaning. */
export interface Sent {
  readonly do: string;
  readonly flags: number;
  readonly [value: string]: unknown;
}

interface Attributes {
  readonly [type: number]: Buffer;
}

const types: Readonly<Record<number, string>> = {
  16: "newLink",
  17: "deleteLink",
  18: "getLink",
  22: "getAddress",
  26: "getRoute",
  36: "newQdisc",
  37: "deleteQdisc",
  38: "getQdisc",
  44: "newFilter",
  45: "deleteFilter",
  46: "getFilter",
  90: "getNetnsid",
};

export function readNetlink(message: Uint8Array): Sent {
  const bytes = Buffer.from(message);
  if (bytes.length < 16 || bytes.readUInt32LE(0) !== bytes.length)
    throw new Error("a message of another length");
  const kind = types[bytes.readUInt16LE(4)];
  if (kind === undefined) throw new Error(`message type ${bytes.readUInt16LE(4)}`);
  if (bytes.readUInt32LE(12) !== 0) throw new Error("a port that is not the kernel's");
  const flags = bytes.readUInt16LE(6);
  const body = bytes.subarray(16);
  const link = kind.endsWith("Link");
  if (link) return { do: kind, flags, ...linkOf(body) };
  if (/Qdisc|Filter/.test(kind)) return { do: kind, flags, ...queueOf(body) };
  return { do: kind, flags };
}

/** struct ifinfomsg, and attributes. */
function linkOf(body: Buffer): object {
  const [index, up, change] = [4, 8, 12].map((at) => body.readUInt32LE(at));
  only(body.subarray(0, 4), [0]);
  const known = attributesOf(body.subarray(16), [3, 4, 13, 18, 20, 29]);
  const info = known[18] && attributesOf(known[18], [1]);
  return present({
    index: index === 0 ? undefined : index,
    up: change === 0 ? undefined : up,
    change: change === 0 ? undefined : change,
    name: known[3] && zeroEnded(known[3]),
    mtu: number(known[4]),
    txqlen: number(known[13]),
    kind: info?.[1]?.toString().replace(/\0$/, ""),
    alias: known[20]?.toString(),
  });
}

/** struct tcmsg, and attributes. */
function queueOf(body: Buffer): object {
  const [index, handle, parent, info] = [4, 8, 12, 16].map((at) => body.readUInt32LE(at));
  only(body.subarray(0, 4), [0]);
  const known = attributesOf(body.subarray(20), [1, 2]);
  const kind = known[1] && zeroEnded(known[1]);
  const options = known[2];
  const read = options && (kind === "tbf" ? tbfOf(options) : kind === "u32" ? u32Of(options) : undefined);
  if (options !== undefined && read === undefined) throw new Error(`options of ${kind}`);
  return present({ index, handle, parent, info, kind, ...read });
}

function tbfOf(options: Buffer): object {
  const known = attributesOf(options, [1, 4, 6]);
  const parameters = known[1];
  if (parameters?.length !== 36) throw new Error("struct tc_tbf_qopt of another length");
  return {
    rate: known[4] === undefined ? parameters.readUInt32LE(8) : Number(known[4].readBigUInt64LE()),
    burst: number(known[6]),
    limit: parameters.readUInt32LE(24),
  };
}

function u32Of(options: Buffer): object {
  const known = attributesOf(options, [1, 5, 7]);
  const selector = known[5];
  // Terminal, one key, and all of that zero: every packet.
  if (selector?.length !== 32) throw new Error("struct tc_u32_sel with more than a key");
  only(selector, [1, 0, 1]);
  const action = known[7] && attributesOf(known[7], [1])[1];
  const parts = action && attributesOf(action, [1, 2]);
  const mirred = parts?.[2] && attributesOf(parts[2], [2])[2];
  if (parts?.[1] === undefined || mirred?.length !== 28) throw new Error("an action of another form");
  return {
    classId: number(known[1]),
    action: zeroEnded(parts[1]),
    steal: mirred.readInt32LE(8),
    direction: mirred.readInt32LE(20),
    target: mirred.readUInt32LE(24),
  };
}

/** All attributes that fill these bytes; each once, of a type that is expected, padded by zeros. */
function attributesOf(bytes: Buffer, expected: readonly number[]): Attributes {
  const found: Record<number, Buffer> = {};
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 4) throw new Error("bytes behind the last attribute");
    const length = bytes.readUInt16LE(at);
    const type = bytes.readUInt16LE(at + 2) & 0x3fff;
    const end = at + ((length + 3) & ~3);
    if (length < 4 || end > bytes.length) throw new Error(`attribute ${type} of ${length} bytes`);
    if (!expected.includes(type) || type in found)
      throw new Error(`attribute ${type} is not expected here, or not twice`);
    found[type] = bytes.subarray(at + 4, at + length);
    only(bytes.subarray(at + length, end), []);
    at = end;
  }
  return found;
}

/** Throws where a byte is another than this; those behind are zero. */
function only(bytes: Buffer, expected: readonly number[]): void {
  for (const [at, byte] of bytes.entries()) {
    if (byte !== (expected[at] ?? 0)) throw new Error(`byte ${byte} where ${expected[at] ?? 0} was expected`);
  }
}

function zeroEnded(bytes: Buffer): string {
  if (bytes.indexOf(0) !== bytes.length - 1)
    throw new Error(`not one text: ${JSON.stringify(bytes.toString())}`);
  return bytes.toString("utf8", 0, bytes.length - 1);
}

function number(bytes: Buffer | undefined): number | undefined {
  if (bytes !== undefined && bytes.length !== 4) throw new Error(`a number of ${bytes.length} bytes`);
  return bytes?.readUInt32LE();
}

function present(values: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

import { aligned, joined, parseAttributes, readText, viewOf } from "./attributes.ts";

/** What is asked of the kernel. */
export interface Request {
  /** What it is, for a person: the line that `ip` or `tc` would take for it. Asked for only when it fails. */
  readonly what: () => string;
  /** RTM_… of linux/rtnetlink.h. */
  readonly type: number;
  /** Of `flag`, beside those every request has. */
  readonly flags: number;
  /** The type's own header, and attributes. */
  readonly body: Uint8Array;
}

/** A message (struct nlmsghdr in linux/netlink.h) as the kernel sends it. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** A view of the datagram. */
  readonly body: Uint8Array;
}

/** Flags of a request, NLM_F_… */
export const flag = {
  request: 1,
  ack: 4,
  echo: 8,
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  dump: 0x300,
} as const;
/** Types of messages that are netlink's own, NLMSG_… */
export const control = { noop: 1, error: 2, done: 3 } as const;
/** Flags of an answer: a dump that something was changed under, an acknowledgement without the request's body, one with attributes. */
export const answerFlag = { interrupted: 0x10, capped: 0x100, attributes: 0x200 } as const;

const headerBytes = 16;

/** A request with its header (struct nlmsghdr of linux/netlink.h). */
export function encodeMessage({ type, flags, body }: Request, sequence: number): Uint8Array {
  const header = new Uint8Array(headerBytes);
  const view = new DataView(header.buffer);
  view.setUint32(0, headerBytes + body.length, true);
  view.setUint16(4, type, true);
  view.setUint16(6, flags, true);
  view.setUint32(8, sequence, true);
  return joined([header, body]);
}

/** The messages of a datagram. Throws RangeError where a length leads outside, as in one that was cut. */
export function parseMessages(datagram: Uint8Array): readonly Message[] {
  const messages: Message[] = [];
  const view = viewOf(datagram);
  for (let at = 0; at + headerBytes <= datagram.length; ) {
    const length = view.getUint32(at, true);
    if (length < headerBytes || at + length > datagram.length) {
      throw new RangeError(`a message of ${length} bytes where ${datagram.length - at} are left`);
    }
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      body: datagram.subarray(at + headerBytes, at + length),
    });
    at += aligned(length);
  }
  return messages;
}

/** How the kernel ends an answer. */
export interface Outcome {
  /** 0: done. */
  readonly errno: number;
  /** The kernel's own words (NLMSGERR_ATTR_MSG), where it has any. */
  readonly reason: string | undefined;
}

/** Reads a message of type error or done. Both begin with a negative errno; an error goes on with the request's header. */
export function parseOutcome({ type, flags, body }: Message): Outcome {
  if (body.length < 4) return { errno: 0, reason: undefined };
  const errno = -viewOf(body).getInt32(0, true);
  let at = 4;
  if (type === control.error) {
    at += (flags & answerFlag.capped) === 0 ? aligned(viewOf(body).getUint32(4, true)) : headerBytes;
  }
  if ((flags & answerFlag.attributes) === 0 || at > body.length) return { errno, reason: undefined };
  return { errno, reason: readText(parseAttributes(body.subarray(at)).get(1)) };
}

import { joined } from "./attributes.ts";
import { control, encodeMessage, type Message } from "./message.ts";
import type { Socket } from "./socket.ts";

export interface FakeSocket extends Socket {
  /** Every message sent, in their order. */
  readonly sent: readonly Uint8Array[];
  readonly closed: boolean;
}

/** What a fake kernel answers to one message: datagrams, or the messages of one. */
export type FakeAnswer = (message: Uint8Array, sequence: number) => readonly Uint8Array[];

/** A socket for tests, to a kernel that answers as it is told. Nothing more comes once its answers are read. */
export function fakeSocket(answer: FakeAnswer): FakeSocket {
  const sent: Uint8Array[] = [];
  const waiting: Uint8Array[] = [];
  let closed = false;
  return {
    sent,
    get closed() {
      return closed;
    },
    send(message) {
      sent.push(message);
      waiting.push(...answer(message, new DataView(message.buffer).getUint32(8, true)));
    },
    receive: () => waiting.shift(),
    close() {
      closed = true;
    },
  };
}

/** One datagram of these messages. */
export function datagram(...messages: readonly Message[]): Uint8Array {
  return joined(
    messages.map(({ sequence, ...rest }) => encodeMessage({ what: () => "", ...rest }, sequence)),
  );
}

/** The acknowledgement of a message (struct nlmsgerr, without the message's body). `number` 0: done. */
export function acknowledgement(sequence: number, number = 0, rest: Uint8Array = new Uint8Array()): Message {
  const body = new Uint8Array(20);
  new DataView(body.buffer).setInt32(0, -number, true);
  const flags = rest.length > 0 ? 0x300 : 0x100;
  return { type: control.error, flags, sequence, body: joined([body, rest]) };
}

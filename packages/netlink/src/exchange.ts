import { errno, NetlinkError } from "./errors.ts";
import {
  answerFlag,
  control,
  encodeMessage,
  flag,
  type Message,
  parseMessages,
  parseOutcome,
  type Request,
} from "./message.ts";
import type { Socket } from "./socket.ts";

/** Carries a request out and gives what it was answered with. Throws NetlinkError. */
export type Exchange = (request: Request) => readonly Message[];

/** A dump is begun again this often when somebody changes what is being read. */
const tries = 10;

/**
 * Requests one after the other over a socket. A request's answer ends with an acknowledgement, a dump's with `done`;
 * messages that carry another sequence number belong to a request that was given up, and are left out.
 */
export function exchangeOver(socket: Socket): Exchange {
  let sequence = 0;
  return (request) => {
    const dump = (request.flags & flag.dump) === flag.dump;
    const flags = request.flags | flag.request | (dump ? 0 : flag.ack);
    for (let attempt = 0; attempt < tries; attempt += 1) {
      sequence += 1;
      socket.send(encodeMessage({ ...request, flags }, sequence));
      const { messages, interrupted } = answer(socket, request.what, sequence);
      if (!interrupted) return messages;
    }
    throw new NetlinkError(request.what(), errno.EAGAIN, `changed ${tries} times while it was being read`);
  };
}

/**
 * The kernel answers while it takes the request, so an answer that is not there will never come: no deadline is needed.
 */
function answer(
  socket: Socket,
  what: () => string,
  sequence: number,
): { readonly messages: readonly Message[]; readonly interrupted: boolean } {
  const messages: Message[] = [];
  let interrupted = false;
  for (;;) {
    const datagram = socket.receive();
    if (datagram === undefined) throw new NetlinkError(what(), 0, "the kernel's answer has no end");
    for (const message of parsed(what, datagram)) {
      if (message.sequence !== sequence || message.type === control.noop) continue;
      interrupted ||= (message.flags & answerFlag.interrupted) !== 0 && message.type !== control.error;
      if (message.type !== control.error && message.type !== control.done) {
        messages.push(message);
        continue;
      }
      const { errno, reason } = parseOutcome(message);
      if (errno !== 0) throw new NetlinkError(what(), errno, reason);
      return { messages, interrupted };
    }
  }
}

function parsed(what: () => string, datagram: Uint8Array): readonly Message[] {
  try {
    return parseMessages(datagram);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new NetlinkError(what(), 0, `unreadable answer: ${error.message}`);
  }
}

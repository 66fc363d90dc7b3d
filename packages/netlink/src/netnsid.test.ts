import { expect, test } from "vitest";
import { u32 } from "./attributes.ts";
import { exchangeOver } from "./exchange.ts";
import { acknowledgement, datagram, fakeSocket } from "./fake-socket.ts";
import { netnsidOf } from "./netnsid.ts";

const answering = (nsid: number) =>
  fakeSocket((_, sequence) => {
    // rtgenmsg, then NETNSA_NSID.
    const body = new Uint8Array([0, 0, 0, 0, 8, 0, 1, 0, ...u32(nsid)]);
    return [datagram({ type: 88, flags: 0, sequence, body }, acknowledgement(sequence))];
  });

test("asks by file descriptor for a namespace's number", () => {
  const socket = answering(3);
  expect(netnsidOf(exchangeOver(socket), 7)).toBe(3);
  // Length 28, RTM_GETNSID, request with acknowledgement, sequence 1; rtgenmsg; NETNSA_FD.
  expect(Buffer.from(socket.sent[0] ?? []).toString("hex")).toBe(
    "1c0000005a0005000100000000000000" + "00000000" + "0800030007000000",
  );
});

test("a namespace that was never pointed to has none", () => {
  expect(netnsidOf(exchangeOver(answering(-1)), 7)).toBeUndefined();
});

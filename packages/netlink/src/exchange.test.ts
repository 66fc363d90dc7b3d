import { expect, test } from "vitest";
import { encodeAttributes, joined, text } from "./attributes.ts";
import { NetlinkError } from "./errors.ts";
import { exchangeOver } from "./exchange.ts";
import { acknowledgement, datagram, type FakeAnswer, fakeSocket } from "./fake-socket.ts";
import { control, flag, type Message, parseMessages, type Request } from "./message.ts";

const ask: Request = {
  what: () => "link show dev a",
  type: 18,
  flags: 0,
  body: new Uint8Array([1, 2, 3, 4]),
};
const dump: Request = { ...ask, what: () => "link show", flags: flag.dump };
const said = (sequence: number, byte: number, flags = 0): Message => {
  return { type: 16, flags, sequence, body: new Uint8Array([byte, 0, 0, 0]) };
};
const done = (sequence: number): Message => ({
  type: control.done,
  flags: 2,
  sequence,
  body: new Uint8Array(4),
});

/** Carries a request out over a fake kernel that answers like this. */
function carriedOut(answer: FakeAnswer, request = ask) {
  const socket = fakeSocket(answer);
  const bodies = () => exchangeOver(socket)(request).map(({ body }) => body[0]);
  return { socket, bodies };
}

test("an answer ends with its acknowledgement", () => {
  const { socket, bodies } = carriedOut((_, sequence) => [
    datagram(said(sequence, 7)),
    datagram(acknowledgement(sequence)),
  ]);
  expect(bodies()).toEqual([7]);
  expect(parseMessages(socket.sent[0]!)).toMatchObject([
    { type: 18, flags: flag.request | flag.ack, sequence: 1 },
  ]);
});

test("a dump comes in many datagrams and ends with done; no acknowledgement is asked for", () => {
  const { socket, bodies } = carriedOut(
    (_, sequence) => [
      datagram(said(sequence, 1), said(sequence, 2)),
      datagram(said(sequence, 3)),
      datagram(done(sequence)),
    ],
    dump,
  );
  expect(bodies()).toEqual([1, 2, 3]);
  expect(parseMessages(socket.sent[0]!)[0]?.flags).toBe(flag.request | flag.dump);
});

test("a refusal is told with its name, the kernel's words and what was asked", () => {
  const words = encodeAttributes([[1, text("Exclusivity flag on, cannot modify")]]);
  const short = carriedOut((_, sequence) => [datagram(acknowledgement(sequence, 17, words))]);
  expect(short.bodies).toThrow(
    "rtnetlink: EEXIST, exists already: Exclusivity flag on, cannot modify (link show dev a)",
  );
  // Without NETLINK_CAP_ACK, the request's body stands between.
  const long = carriedOut((message, sequence) => {
    const { body, ...rest } = acknowledgement(sequence, 19);
    return [datagram({ ...rest, flags: 0x200, body: joined([body.subarray(0, 4), message, words]) })];
  });
  expect(long.bodies).toThrow("ENODEV, no such device: Exclusivity flag on, cannot modify");
  const strange = carriedOut((_, sequence) => [datagram(acknowledgement(sequence, 123))]);
  expect(strange.bodies).toThrow("rtnetlink: errno 123 (link show dev a)");
});

test("an error at the end of a dump is an error", () => {
  const failed = (sequence: number): Message => ({
    ...done(sequence),
    body: new Uint8Array([0xff, 0xff, 0xff, 0xff]),
  });
  expect(carriedOut((_, sequence) => [datagram(said(sequence, 1), failed(sequence))], dump).bodies).toThrow(
    "EPERM",
  );
});

test("messages of a request that was given up are left out", () => {
  const { bodies } = carriedOut((_, sequence) => [
    datagram(said(99, 9), acknowledgement(99, 1), said(sequence, 7), acknowledgement(sequence)),
  ]);
  expect(bodies()).toEqual([7]);
});

test("a dump that somebody has disturbed is begun again, ten times at most", () => {
  const interrupted = 0x10;
  const answers =
    (disturbed: number): FakeAnswer =>
    (_, sequence) => [
      datagram(said(sequence, sequence, sequence <= disturbed ? interrupted : 0), done(sequence)),
    ];
  const twice = carriedOut(answers(2), dump);
  expect(twice.bodies()).toEqual([3]);
  expect(twice.socket.sent).toHaveLength(3);
  const always = carriedOut(answers(Number.POSITIVE_INFINITY), dump);
  expect(always.bodies).toThrow(
    expect.objectContaining({ failure: "tryAgain", message: expect.stringContaining("10 times") }),
  );
  expect(always.socket.sent).toHaveLength(10);
});

test.each<[string, FakeAnswer]>([
  ["nothing", () => []],
  ["no end", (_, sequence) => [datagram(said(sequence, 1))]],
  ["a datagram that was cut", (_, sequence) => [datagram(said(sequence, 1)).subarray(0, 18)]],
])("%s for an answer is a failure", (_name, answer) => {
  expect(carriedOut(answer).bodies).toThrow(NetlinkError);
});

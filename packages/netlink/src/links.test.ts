import { expect, test } from "vitest";
import { readText } from "./attributes.ts";
import { NetlinkError } from "./errors.ts";
import { exchangeOver } from "./exchange.ts";
import { acknowledgement, datagram, fakeSocket } from "./fake-socket.ts";
import { deviceName, findLink, ifindexOf, linkHeader, linkRequest, nameOf } from "./links.ts";
import { encodeMessage } from "./message.ts";

test("asks for a link in iproute2's bytes, but for the extensions that are wanted", () => {
  const bytes = Buffer.from(
    encodeMessage({ ...linkRequest({ name: "ifb7" }), flags: 1 }, 0x6b0117ba),
  ).toString("hex");
  // As `ip link set dev ifb7 up` does, by strace; there with RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS.
  expect(bytes).toBe(
    "3400000012000100ba17016b00000000000000000000000000000000000000000800" +
      "1d0008000000" +
      "0900030069666237" +
      "00000000",
  );
});

test.each([
  "a",
  "sixteen-letters",
  "äöüäöüä",
  'a"b',
  "a#b",
  "a\\b",
  "a\u0001b",
  "\u001b[2J",
  "\u007f",
  "-rf",
  "\ufeffa",
])("%j is a device's name", (name) => {
  expect(readText(deviceName(name))).toBe(name);
});

test.each([
  "",
  ".",
  "..",
  "a/b",
  "a:b",
  "a b",
  "a\tb",
  "a\0b",
  "sixteen-letters.",
  "äöüäöüäö",
  "à",
  "a\u00a0b",
  "a\vb",
  "a\ud800",
])("%j is not a device's name, nor a link's that could be found", (name) => {
  expect(() => deviceName(name)).toThrow(TypeError);
  const unasked = exchangeOver(fakeSocket(() => []));
  expect(findLink(unasked, { name })).toBeUndefined();
});

test("absent is an answer, refused is a failure", () => {
  const answering = (errno: number) =>
    exchangeOver(fakeSocket((_, sequence) => [datagram(acknowledgement(sequence, errno))]));
  expect(findLink(answering(19), { name: "a" })).toBeUndefined();
  expect(() => findLink(answering(1), { name: "a" })).toThrow("EPERM");
  expect(() => findLink(answering(0), { ifindex: 7 })).toThrow(NetlinkError);
});

test("reads index and name", () => {
  const [, , , , ...body] = linkRequest({ name: "eth0" }).body;
  expect(nameOf(new Uint8Array([0, 0, 0, 0, ...body]))).toBe("eth0");
  expect(ifindexOf(linkHeader(7))).toBe(7);
});

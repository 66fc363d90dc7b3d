import { expect, test } from "vitest";
import { exchangeOver } from "./exchange.ts";
import { acknowledgement, datagram, fakeSocket } from "./fake-socket.ts";
import { deviceTo } from "./routes.ts";

const ask = (number: number) => {
  const socket = fakeSocket((_, sequence) => [datagram(acknowledgement(sequence, number))]);
  return deviceTo(exchangeOver(socket), new Uint8Array([192, 0, 2, 1]));
};

test.each([
  ["ENETUNREACH", 101],
  ["EHOSTUNREACH", 113],
  ["EINVAL", 22],
  ["EACCES", 13],
])("%s says that no route leads there", (_, number) => {
  expect(ask(number)).toBeUndefined();
});

test.each([
  ["ENOMEM", 12],
  ["ENOBUFS", 105],
  ["EPERM", 1],
])("%s says nothing of the route", (name, number) => {
  expect(() => ask(number)).toThrow(name);
});

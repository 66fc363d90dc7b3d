import { expect, test } from "vitest";
import { UsageError } from "../failure.ts";
import { parsePort } from "./filter.ts";

test.each([
  ["8080", { number: 8080, protocol: undefined }],
  ["53/UDP", { number: 53, protocol: "udp" }],
])("%s", (text, port) => {
  expect(parsePort(text)).toEqual(port);
});

test.each(["0", "65536", "http", "80/icmp", "-1", ""])("%j is refused", (text) => {
  expect(() => parsePort(text)).toThrow(UsageError);
});

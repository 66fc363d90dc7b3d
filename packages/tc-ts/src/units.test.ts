import fc from "fast-check";
import { expect, test } from "vitest";
import {
  bits,
  bitsPerSecond,
  bytesIn,
  bytesPerSecond,
  milliseconds,
  rateInBytes,
  sizeInBytes,
} from "./units.ts";

test("eight bits are a byte, rounded down", () => {
  expect(rateInBytes(bitsPerSecond(12))).toBe(1);
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 7 }), (whole, rest) => {
      expect(sizeInBytes(bits(whole * 8 + rest))).toBe(whole);
      expect(rateInBytes(bitsPerSecond(BigInt(whole) * 8n + BigInt(rest)))).toBe(whole);
    }),
  );
});

test("a thousand milliseconds let the rate through", () => {
  expect(bytesIn(bytesPerSecond(1_250_000), milliseconds(25))).toBe(31_250);
  fc.assert(
    fc.property(fc.nat(), (rate) => {
      expect(bytesIn(bytesPerSecond(rate), milliseconds(1000))).toBe(rate);
    }),
  );
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])("refuses %d", (value) => {
  expect(() => bits(value)).toThrow(RangeError);
});

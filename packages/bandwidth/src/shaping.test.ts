import fc from "fast-check";
import { bits, bitsPerSecond, milliseconds } from "tc-ts";
import { expect, test } from "vitest";
import { shape } from "./shaping.ts";

const latency = milliseconds(25);

test("computes as the reference does where a burst is given", () => {
  const { tbf, raisedFrom } = shape({ rate: bitsPerSecond(8_000_001), burst: bits(800_007) }, 1500, latency);
  expect(tbf).toEqual({ kind: "tbf", handle: "1:", rate: 1_000_000, burst: 100_000, limit: 125_000 });
  expect(raisedFrom).toBeUndefined();
});

test.each([
  [1_000_000, 1500, 12_112],
  [10_000_000, 1500, 62_500],
  [1_000_000_000, 1500, 6_250_000],
  [1_000_000, 9000, 18_028],
])("chooses the burst of %d bit/s at MTU %d: %d bytes", (rate, mtu, burst) => {
  expect(shape({ rate: bitsPerSecond(rate), burst: "fromRate" }, mtu, latency).tbf.burst).toBe(burst);
});

test("raises a burst no packet would fit into, and says from what", () => {
  const { tbf, raisedFrom } = shape({ rate: bitsPerSecond(8000), burst: bits(8000) }, 1500, latency);
  expect(tbf).toMatchObject({ burst: 1514, limit: 1539 });
  expect(raisedFrom).toBe(1000);
});

test("whatever is asked for, a packet passes and the kernel can count it", () => {
  const rate = fc.bigInt({ min: 8n, max: 2n ** 64n - 1n }).map(bitsPerSecond);
  const burst = fc.oneof(
    fc.constant("fromRate" as const),
    fc.bigInt({ min: 1n, max: (2n ** 32n - 1n) * 8n - 1n }).map(bits),
  );
  fc.assert(
    fc.property(rate, burst, fc.integer({ min: 68, max: 65535 }), (rate, burst, mtu) => {
      const { tbf } = shape({ rate, burst }, mtu, latency);
      for (const size of [tbf.burst, tbf.limit]) {
        expect(Number.isInteger(size)).toBe(true);
        expect(size).toBeGreaterThanOrEqual(mtu + 14);
        expect(size).toBeLessThanOrEqual(2 ** 32 - 1);
      }
      expect(tbf.limit).toBeGreaterThanOrEqual(tbf.burst);
      expect(tbf.rate).toBeGreaterThanOrEqual(1);
    }),
  );
});

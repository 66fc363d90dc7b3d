import fc from "fast-check";
import { expect, test } from "vitest";
import type { Tbf } from "./qdisc.ts";
import { tbfDifferences } from "./tbf-difference.ts";
import { bytes, bytesPerSecond } from "./units.ts";

const tbf = (rate: number, burst: number, limit: number): Tbf => ({
  kind: "tbf",
  handle: "1:",
  rate: bytesPerSecond(rate),
  burst: bytes(burst),
  limit: bytes(limit),
});

/** What tc prints for a burst: ticks of 64 ns in 32 bit, then whole microseconds. */
function asShown({ rate, burst, limit }: Tbf): Tbf {
  const ticks = Math.floor(((burst / rate) * 1e9) / 64) % 2 ** 32;
  return tbf(rate, Math.floor((rate * Math.floor(ticks * 0.064)) / 1e6), limit);
}

test("tells each number that differs", () => {
  const differences = tbfDifferences(tbf(1000, 5000, 6000), tbf(2000, 7000, 8000));
  expect(differences).toEqual([
    { field: "rate", expected: 1000, found: 2000 },
    { field: "burst", expected: 5000, found: 7000 },
    { field: "limit", expected: 6000, found: 8000 },
  ]);
});

test("takes what tc shows of a tbf for that tbf, wrapped or rounded", () => {
  const rate = fc.integer({ min: 1, max: 12_500_000_000 });
  const size = fc.integer({ min: 1500, max: 2 ** 32 - 1 });
  fc.assert(
    fc.property(rate, size, size, (rate, burst, limit) => {
      const made = tbf(rate, burst, limit);
      expect(tbfDifferences(made, asShown(made))).toEqual([]);
    }),
  );
  // As shown by tc 6.1 on Linux 6.18.
  expect(
    tbfDifferences(tbf(1_000_000, 4294967295, 4294967295), tbf(1_000_000, 171798690, 4294967295)),
  ).toEqual([]);
  expect(tbfDifferences(tbf(5e9, 100_000, 200_000), tbf(5e9, 95_000, 200_000))).toEqual([]);
});

test("tells half a wrap more, also of a burst that wraps many times", () => {
  const made = tbf(1000, 4_000_000_000, 4_000_000_100);
  const shown = asShown(made);
  const other = { ...shown, burst: bytes((shown.burst + 137_000) % 274_877) };
  expect(tbfDifferences(made, other)).toMatchObject([{ field: "burst" }]);
});

test("still tells 1 % more from what was asked for", () => {
  fc.assert(
    fc.property(fc.integer({ min: 125_000, max: 125_000_000 }), (rate) => {
      const made = tbf(rate, Math.ceil(rate / 20), rate);
      expect(tbfDifferences(made, { ...made, burst: bytes(Math.ceil(made.burst * 1.01)) })).toHaveLength(1);
    }),
  );
});

import type { Tbf } from "./qdisc.ts";

/** One number of a tbf that is other than it should be, in the units of tc (byte/s, bytes). */
export interface TbfDifference {
  readonly field: "rate" | "burst" | "limit";
  readonly expected: number;
  readonly found: number;
}

/**
 * Compares a tbf with one that tc has shown.
 *
 * The kernel keeps the burst exactly but reports it as the time it takes at `rate`, in ticks of 64 ns that wrap at
 * 32 bit, 274.9 s (tbf_dump in net/sched/sch_tbf.c); tc then counts whole microseconds. So a burst is compared
 * as it would be shown: modulo the wrap, and within two microseconds' worth of bytes.
 */
export function tbfDifferences(expected: Tbf, found: Tbf): readonly TbfDifference[] {
  const slack = 2 + (expected.rate * 2) / 1e6 + expected.burst * 1e-6;
  const wrap = expected.rate * (2 ** 32 * 64e-9);
  const fields: TbfDifference[] = [];
  // tc parses and prints rates as doubles and 64 bit integers; equal to the precision of a double is equal.
  if (Math.abs(found.rate - expected.rate) > expected.rate * 1e-12) {
    fields.push({ field: "rate", expected: expected.rate, found: found.rate });
  }
  const apart = Math.abs(expected.burst - found.burst) % wrap;
  if (Math.min(apart, wrap - apart) > slack) {
    fields.push({ field: "burst", expected: expected.burst, found: found.burst });
  }
  if (Math.abs(expected.limit - found.limit) > slack) {
    fields.push({ field: "limit", expected: expected.limit, found: found.limit });
  }
  return fields;
}

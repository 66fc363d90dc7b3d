import { expect, test } from "vitest";
import { growthRow, missesTarget, rowOf } from "./rows.ts";

const frame = { name: "portmap", operation: "ADD", headline: true, target: 0.5 } as const;
const cost = (wallMs: number, cpuMs = wallMs) => ({ wallMs, cpuMs });

test("a row has the pairs' ratios, not the ratio of the medians", () => {
  const row = rowOf(
    frame,
    { ours: [1, 10, 3].map((ms) => cost(ms)), reference: [2, 100, 4].map((ms) => cost(ms, 2 * ms)) },
    undefined,
  );
  expect(row).toMatchObject({ pairs: 3, ours: { median: 3 }, reference: { median: 4 } });
  expect(row.ratio.median).toBe(0.5);
  expect(row.cpuRatio?.median).toBe(0.25);
  expect(row.anatomy).toBeUndefined();
});

test("a target is missed above it, not on it, and never where there is none", () => {
  const of = (ours: number, target: number | undefined) =>
    rowOf({ ...frame, target }, { ours: [cost(ours)], reference: [cost(10)] }, undefined);
  expect(missesTarget(of(5, 0.5))).toBe(false);
  expect(missesTarget(of(5.1, 0.5))).toBe(true);
  expect(missesTarget(of(99, undefined))).toBe(false);
});

test("growth is the slope a side and a round, over the rounds that every point has", () => {
  const at = (foreignRules: number, ours: number[], reference: number[]) => ({
    foreignRules,
    costs: { ours: ours.map((ms) => cost(ms)), reference: reference.map((ms) => cost(ms)) },
  });
  const row = growthRow(frame, [
    at(0, [5, 5, 500], [10, 10, 10]),
    at(1000, [6, 7, 500], [30, 20, 10]),
    at(2000, [7, 9], [50, 30]),
  ]);
  expect(row).toMatchObject({ pairs: 2, unit: "ms per 1,000 rules" });
  expect(row.ours.median).toBeCloseTo(1.5);
  expect(row.reference.median).toBeCloseTo(15);
  expect(row.ratio.lower).toBeCloseTo(0.0875);
  expect(row.ratio.upper).toBeCloseTo(0.1625);
});

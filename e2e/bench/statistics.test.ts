import { expect, test } from "vitest";
import { pairwiseRatios, slope, spread } from "./statistics.ts";

test("the median is the middle one, or half way between the two in the middle", () => {
  expect(spread([9, 1, 5]).median).toBe(5);
  expect(spread([4, 1, 2, 10]).median).toBe(3);
});

test("quartiles lie between neighbours, whatever the order", () => {
  expect(spread([5, 3, 1, 4, 2])).toEqual({ lower: 2, median: 3, upper: 4 });
  expect(spread([4, 3, 2, 1])).toEqual({ lower: 1.75, median: 2.5, upper: 3.25 });
  expect(spread([10, 9])).toEqual({ lower: 9.25, median: 9.5, upper: 9.75 });
});

test("one value is its own spread, none has no spread", () => {
  expect(spread([7])).toEqual({ lower: 7, median: 7, upper: 7 });
  expect(() => spread([])).toThrow(RangeError);
});

test("the sample is left as it was", () => {
  const values = [3, 1, 2];
  spread(values);
  expect(values).toEqual([3, 1, 2]);
});

test("ratios are taken pair by pair, so a slow moment that hits both does not show", () => {
  const ratios = pairwiseRatios([1, 10, 2], [2, 20, 4]);
  expect(ratios).toEqual([0.5, 0.5, 0.5]);
});

test("a value without a partner is an error", () => {
  expect(() => pairwiseRatios([1, 2], [1])).toThrow("2 values, but 1 partners");
});

test("the slope is that of the line, and of the best line where there is none", () => {
  const line = [0, 1, 10, 40].map((x) => ({ x, y: 3 + 2 * x }));
  expect(slope(line)).toBeCloseTo(2);
  const around = [
    { x: 0, y: 0 },
    { x: 1, y: 3 },
    { x: 2, y: 0 },
    { x: 3, y: 3 },
  ];
  expect(slope(around)).toBeCloseTo(0.6);
});

test("points at one place have no slope", () => {
  const points = [
    { x: 1, y: 1 },
    { x: 1, y: 2 },
  ];
  expect(() => slope(points)).toThrow(RangeError);
});

import { expect, test } from "vitest";
import { Restraint } from "./restraint.ts";

test("what is undone again and again is repaired ever more seldom, and never less than once a minute", () => {
  const restraint = new Restraint();
  const times: number[] = [];
  for (let now = 0; now < 600_000; now += 250) {
    if (!restraint.mayRepair("a", now)) continue;
    restraint.repaired("a", now);
    times.push(now);
  }
  expect(times.slice(0, 5)).toEqual([0, 500, 1500, 3500, 7500]);
  const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
  expect(Math.max(...gaps)).toBe(60_000);
  expect(restraint.mayRepair("b", 0)).toBe(true);
});

test("after five quiet minutes it is the first time again", () => {
  const restraint = new Restraint();
  for (const now of [0, 500, 1500]) restraint.repaired("a", now);
  restraint.repaired("a", 400_000);
  expect(restraint.mayRepair("a", 400_499)).toBe(false);
  expect(restraint.mayRepair("a", 400_500)).toBe(true);
});

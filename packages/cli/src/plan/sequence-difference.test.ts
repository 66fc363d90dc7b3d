import { describe, expect, test } from "vitest";
import { sequenceDifference } from "./sequence-difference.ts";

const words = (before: string, after: string) =>
  sequenceDifference([...before], [...after], (letter) => letter).map(
    ({ action, item, at }) => `${action} ${item} ${at}`,
  );

describe("how one list becomes another", () => {
  test.each([
    ["", "", []],
    ["ab", "ab", ["keep a 0", "keep b 1"]],
    ["ab", "xab", ["add x 0", "keep a 1", "keep b 2"]],
    ["ab", "b", ["remove a -1", "keep b 0"]],
    ["abc", "cab", ["move c 0", "keep a 1", "keep b 2"]],
    ["aa", "a", ["remove a -1", "keep a 0"]],
    ["ab", "cd", ["remove a -1", "remove b -1", "add c 0", "add d 1"]],
  ])("%j to %j", (before, after, steps) => {
    expect(words(before, after)).toEqual(steps);
  });
});

test("carrying the steps out leads there, with as many kept as a longest common run", () => {
  for (const [before, after] of [
    ["abcdefgh", "hgacexbf"],
    ["aabbcc", "cabcab"],
  ] as const) {
    const steps = sequenceDifference([...before], [...after], (letter) => letter);
    expect(
      steps
        .filter(({ at }) => at >= 0)
        .map(({ item }) => item)
        .join(""),
    ).toBe(after);
    const left = [...before];
    for (const { action, item } of steps) if (action === "remove") left.splice(left.indexOf(item), 1);
    const kept = steps.filter(({ action }) => action === "keep").map(({ item }) => item);
    let from = 0;
    for (const item of kept) {
      from = before.indexOf(item, from) + 1;
      expect(from).toBeGreaterThan(0);
    }
    expect(left.length).toBe(steps.filter(({ action }) => action === "keep" || action === "move").length);
  }
});

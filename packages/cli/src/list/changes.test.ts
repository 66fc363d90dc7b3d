import { expect, test } from "vitest";
import { changedLines } from "./changes.ts";

test("what came, went, and reads differently", () => {
  const before = new Map(Object.entries({ a: "a: ok", b: "b: ok", c: "c: ok" }));
  const after = new Map(Object.entries({ b: "b: ok", c: "c: orphan", d: "d: ok" }));
  expect(changedLines(before, after)).toEqual(["- a: ok", "~ c: orphan", "+ d: ok"]);
  expect(changedLines(after, after)).toEqual([]);
});

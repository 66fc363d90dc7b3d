import { expect, test } from "vitest";
import { fitted } from "./live.ts";

test("what does not fit is counted on the last line", () => {
  expect(fitted(["a", "b", "c"], 3)).toEqual(["a", "b", "c"]);
  expect(fitted(["a", "b", "c"], 2)).toEqual(["a", "… 2 more lines"]);
});

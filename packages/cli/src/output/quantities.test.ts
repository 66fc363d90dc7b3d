import { expect, test } from "vitest";
import { countText, rateText, sizeText } from "./quantities.ts";

test.each([
  [0, "0"],
  [0.4, "0"],
  [999, "999"],
  [999.7, "1k"],
  [1000, "1k"],
  [1234, "1.23k"],
  [99_950, "100k"],
  [100_000, "100k"],
  [9_650_000, "9.65M"],
  [17_300_000_000, "17.3G"],
])("%d is %s", (value, text) => {
  expect(countText(value)).toBe(text);
  expect(rateText(value)).toBe(`${text}bit`);
  expect(sizeText(value)).toBe(`${text}B`);
});

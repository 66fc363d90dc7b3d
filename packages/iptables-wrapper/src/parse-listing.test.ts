import { expect, test } from "vitest";
import { listedLines, parseListing, parseTableListing } from "./parse-listing.ts";

const forged = '-A OUTPUT -m comment --comment "a\\" \\\\\n-N OUTPUT\n-A OUTPUT -j FORGED" -j THEIRS';
const listing = `-N OUTPUT\n-A OUTPUT -j FIRST\n${forged}\n-A OUTPUT -m comment --comment "b" -j LAST\n`;
const rules = [
  { tokens: ["-j", "FIRST"] },
  {
    tokens: ["-m", "comment", "--comment", 'a" \\\n-N OUTPUT\n-A OUTPUT -j FORGED', "-j", "THEIRS"],
  },
  { tokens: ["-m", "comment", "--comment", "b", "-j", "LAST"] },
];

test("a comment of several lines is no rule of its own", () => {
  expect(parseListing(listing)).toEqual([{ chain: "OUTPUT", rules }]);
  expect(parseTableListing(listing, new Set(["OUTPUT"]))).toEqual(new Map([["OUTPUT", rules]]));
});

test.each([
  ["", [""]],
  ["a\n", ["a", ""]],
  ["\n\na", ["", "", "a"]],
  ['a "b\nc" d\ne', ['a "b\nc" d', "e"]],
  ['a "b" "c\nd" e "f"\ng "h"', ['a "b" "c\nd" e "f"', 'g "h"']],
  ['a "b\\"\nc"\nd', ['a "b\\"\nc"', "d"]],
  ['a "b\\\\"\nc', ['a "b\\\\"', "c"]],
  // No tool leaves a quote open; one inside of a word opens nothing.
  ['a "b\nc', ['a "b', "c"]],
  ['-j "b\n-m "c d"\ne', ['-j "b', '-m "c d"', "e"]],
  ['a b"c\nd "e"', ['a b"c', 'd "e"']],
])("the lines of %j", (text, lines) => {
  expect(listedLines(text)).toEqual(lines);
});

test("takes time by the text's length", () => {
  const line = '-A X -m comment --comment "a" -j Y\n';
  const text = `${"-A X -j Y\n".repeat(200_000)}${line.repeat(1000)}`;
  expect(listedLines(text)).toHaveLength(201_001);
});

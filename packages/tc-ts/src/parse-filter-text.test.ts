import { expect, test } from "vitest";
import { parseFilterText } from "./parse-filter-text.ts";

const shown = `filter protocol all pref 1 u32 chain 0 
filter protocol all pref 1 u32 chain 0 fh 800: ht divisor 1 
filter protocol all pref 1 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 *flowid 1:1 not_in_hw 
  match 00000000/00000000 at 0
	action order 1: mirred (Egress Redirect to device ifb9) stolen
	index 1 ref 1 bind 1

filter parent ffff: protocol ip pref 2 u32 
filter parent ffff: protocol ip pref 2 u32 fh 801: ht divisor 1 
filter parent ffff: protocol ip pref 2 u32 fh 801::800 order 2048 key ht 801 bkt 0 flowid 1:1 not_in_hw 
  match 0a000001/ffffffff at 12
	action order 1: mirred (Egress Redirect to device *) stolen
filter protocol all pref 49152 bpf chain 0 
filter protocol all pref 49152 bpf chain 0 handle 0x1 agent direct-action not_in_hw id 5 tag a1 
`;

test("reads the filters of old and new releases", () => {
  expect(parseFilterText(shown)).toEqual([
    { kind: "redirect", preference: 1, protocol: "all", handle: "800::800", matchAll: true, target: "ifb9" },
    {
      kind: "redirect",
      preference: 2,
      protocol: "ip",
      handle: "801::800",
      matchAll: false,
      target: undefined,
    },
    { kind: "other", type: "bpf", preference: 49152, protocol: "all" },
  ]);
  expect(parseFilterText("")).toEqual([]);
});

test("does not pass over what it cannot read", () => {
  expect(() => parseFilterText("filter of tomorrow\n")).toThrow(SyntaxError);
});

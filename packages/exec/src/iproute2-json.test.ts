import { expect, test } from "vitest";
import { parseIproute2Json } from "./iproute2-json.ts";

test.each([
  ["[]", []],
  [String.raw`[{"ifname":"a\"b\\"}]`, [{ ifname: 'a"b\\' }]],
  ['[{"ifname":"e\u001b[2J"}\n,{}]\n', [{ ifname: "e\u001b[2J" }, {}]],
  [String.raw`[{"ifname":"a\'b"}]`, [{ ifname: "a'b" }]],
  // A backslash that is escaped itself, and an apostrophe behind it.
  [`[{"ifname":"\\\\'","ifalias":"\u0001"}]`, [{ ifname: "\\'", ifalias: "\u0001" }]],
])("%s", (line, document) => {
  expect(parseIproute2Json(line)).toEqual(document);
});

test.each(["", "[", "Device not found", String.raw`[{"ifname":"a\"}]`, "[\u001b]"])("%j is none", (line) => {
  expect(() => parseIproute2Json(line)).toThrow(SyntaxError);
});

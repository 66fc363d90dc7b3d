import { expect, test } from "vitest";
import { jsonText } from "./json-text.ts";
import { printable } from "./table.ts";

const names = [
  "\u001b[2J",
  "\u007f",
  "\u009b2J",
  "\u202egnp",
  "a\u2028b",
  "\ufeffeth0",
  "eth0\u200b",
  "\u{e0041}",
];

test.each(names)("%j is in no output as it is", (name) => {
  const steering = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
  for (const text of [jsonText({ name }), jsonText({ name }, true)]) {
    expect(text).not.toMatch(steering);
    expect(JSON.parse(text)).toEqual({ name });
  }
  expect(printable(name)).not.toMatch(steering);
});

test("all else is left as it is", () => {
  expect(jsonText({ name: "名前 é 🐢", big: 2n ** 64n })).toBe(
    '{"name":"名前 é 🐢","big":18446744073709551616}\n',
  );
  expect(printable("名前 é 🐢")).toBe("名前 é 🐢");
  expect(printable("\u001b\u009b\u202e\u{e0041}")).toBe("\\x1b\\x9b\\u{202e}\\u{e0041}");
});

import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { CniError } from "./cni-error.ts";
import { parseJson, printJson, shown } from "./json.ts";
import { jsonErrorOffset } from "./json-error-offset.ts";

function messageOf(text: string): string {
  try {
    parseJson(text);
  } catch (error) {
    if (error instanceof CniError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "no error";
}

describe("parseJson and printJson", () => {
  test.each([
    "18446744073709551615",
    "-9007199254740993",
    '{"a":[9007199254740993,{"b":12345678901234567890}]}',
    '{"text":"12345678901234567890"}',
    '{"small":9007199254740991,"half":0.5}',
    '{"__proto__":{"polluted":true},"constructor":1}',
    '{"__proto__":{"polluted":true},"rate":18446744073709551615}',
  ])("keep %s to the digit", (text) => {
    expect(printJson(parseJson(text))).toBe(text);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });

  it("gives a bigint only where a double does not reach", () => {
    expect(parseJson("[9007199254740992, 9007199254740991, 1e20]")).toEqual([
      9007199254740992n,
      9007199254740991,
      1e20,
    ]);
  });

  test.each([
    ["", "6: standard input is empty: expected JSON"],
    [" \n", "6: standard input is empty: expected JSON"],
    ["1e400", "6: the number 1e400 is out of range"],
    ['{"a":-1E+999}', "6: the number -1E+999 is out of range"],
    ['{"a": tru}', '6: standard input is not JSON: unexpected "tru}" at line 1, column 7'],
    ['{\n "a": 1,\n}', '6: standard input is not JSON: unexpected "}" at line 3, column 1'],
    ['{"a": 1', "6: standard input is not JSON: it ends too early"],
    ['{"a": "b', "6: standard input is not JSON: it ends too early"],
    ["{} {}", '6: standard input is not JSON: unexpected "{}" at line 1, column 4'],
    ["[1,]", '6: standard input is not JSON: unexpected "]" at line 1, column 4'],
    ['{"a" 1}', '6: standard input is not JSON: unexpected "1}" at line 1, column 6'],
    ["[01]", '6: standard input is not JSON: unexpected "1]" at line 1, column 3'],
    ["['a']", `6: standard input is not JSON: unexpected "'a']" at line 1, column 2`],
    ['"\\x"', '6: standard input is not JSON: unexpected "\\"\\\\x\\"" at line 1, column 1'],
    [`{"a":${"1".repeat(400)}}`, `6: the number ${"1".repeat(77)}... is out of range`],
    [
      `[${JSON.stringify("\\".repeat(30_000))}, @]`,
      '6: standard input is not JSON: unexpected "@]" at line 1, column 60006',
    ],
    [
      `["${"a".repeat(5_000_000)}\u0001"]`,
      '6: standard input is not JSON: unexpected "\\"aaaaaaaaaaa" at line 1, column 2',
    ],
    ["[".repeat(20_001), "6: standard input is nested more than 10000 levels deep"],
    ["\ufeff{}", '6: standard input is not JSON: unexpected "\ufeff{}" at line 1, column 1'],
  ])("says where %j goes wrong", (text, message) => {
    expect(messageOf(text)).toBe(message);
  });

  it("takes 10,000 levels and no more, and sees no brackets in strings", () => {
    const text = JSON.stringify('[{"'.repeat(20_000));
    const nested = (levels: number) => "[".repeat(levels) + text + "]".repeat(levels);
    expect(messageOf(nested(10_000))).toBe("no error");
    expect(messageOf(nested(10_001))).toBe("6: standard input is nested more than 10000 levels deep");
  });

  it("round-trips every JSON value", () => {
    const bigs = fc.bigInt().filter((n) => n > 2n ** 53n || n < -(2n ** 53n));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        bigs,
        fc.string({ unit: "grapheme" }),
        fc.array(tie("tree")),
        fc.dictionary(fc.string(), tie("tree")),
      ),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const text = printJson(value);
        expect(printJson(parseJson(text))).toBe(text);
      }),
    );
  });

  it("finds the first wrong character: what stands before it can be completed", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (text, cut) => {
        expect(jsonErrorOffset(`${text} @`)).toBe(text.length + 1);
        const part = text.slice(0, cut % text.length);
        // Only a word that is cut off counts as wrong itself.
        expect(part.slice(jsonErrorOffset(part))).toMatch(/^[-+.\w]*$/);
      }),
    );
  });
});

test("shown cuts long values short and knows undefined", () => {
  expect(shown(undefined)).toBe("nothing");
  expect(shown({ a: 1n })).toBe('{"a":1}');
  expect(shown("x".repeat(200))).toHaveLength(80);
});

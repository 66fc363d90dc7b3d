import { describe, expect, test } from "vitest";
import { findings } from "../../test/findings.ts";

describe("not JSON", () => {
  test.each<[string, string, string]>([
    ["nothing", " \n", "2:1 error : the document is empty: expected JSON"],
    ["a comma too many", '{"name":"n",\n}', '2:1 error : trailing comma before "}"; take it out'],
    [
      "a comma too many in a list",
      '{"plugins":[1,\n ]}',
      '2:2 error : trailing comma before "]"; take it out',
    ],
    [
      "a comma too few",
      '{"name":"n"\n "plugins":[]}',
      '2:2 error : a comma is missing before "\\"plugins\\""',
    ],
    ["a colon too few", '{"name" "n"}', '1:9 error : a colon is missing before "\\"n\\""'],
    ["a comment", '{\n  // why\n  "name":"n"}', "2:3 error : JSON has no comments; take this one out"],
    ["a comment of a shell", "# why\n{}", "1:1 error : JSON has no comments; take this one out"],
    ["single quotes", "{'name':'n'}", "1:2 error : strings stand in double quotes"],
    ["a bare key", "{name: 1}", '1:2 error : keys stand in double quotes: "name"'],
    ["Python's word", '{"snat": True}', '1:10 error : "True" is no JSON; there is true, false and null'],
    [
      "an open bracket",
      '{"plugins":[{"a":1}',
      "1:20 error : the document ends too early: [ in { is not closed",
    ],
    ["something behind", "{} {}", '1:4 error : unexpected "{" behind the document'],
    [
      "a byte order mark",
      "\ufeff{}",
      "1:1 error : the text begins with a byte order mark; save it as UTF-8 without one",
    ],
    [
      "a line break in a string",
      '{"name":"n\n"}',
      "1:9 error : a string with a line break or control character, or a bad escape, in it",
    ],
    ["columns count characters", '{"näm😀":tru}', '1:9 error : unexpected "tru"'],
    ["another document", "[]", "1:1 error : a network configuration is a JSON object"],
  ])("%s", (_what, text, expected) => {
    expect(findings(text)).toEqual([expected]);
  });
});

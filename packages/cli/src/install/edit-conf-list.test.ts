import { describe, expect, test } from "vitest";
import { appendPlugins, removePlugins, typesIn } from "./edit-conf-list.ts";

const both = ["portmap", "bandwidth"];

const portmap = '{ "type": "portmap", "capabilities": { "portMappings": true } }';
const bandwidth = '{ "type": "bandwidth", "capabilities": { "bandwidth": true } }';

describe("appends, and leaves every other byte", () => {
  test.each<[string, string, string]>([
    [
      "one a line",
      '{\n\t"x": [1,2 ],\n\t"plugins": [\n\t\t{"type": "bridge"}\n\t]\n}\n',
      `{\n\t"x": [1,2 ],\n\t"plugins": [\n\t\t{"type": "bridge"},\n\t\t${portmap},\n\t\t${bandwidth}\n\t]\n}\n`,
    ],
    [
      "several lines each",
      '{"plugins": [\n  {\n    "type": "bridge"\n  }\n]}',
      `{"plugins": [\n  {\n    "type": "bridge"\n  },\n  ${portmap},\n  ${bandwidth}\n]}`,
    ],
    [
      "all on one line",
      '{"plugins":[{"type":"bridge"}]}',
      `{"plugins":[{"type":"bridge"}, ${portmap}, ${bandwidth}]}`,
    ],
    [
      "lines of Windows",
      '{"plugins": [\r\n {"type":"bridge"}\r\n]}',
      `{"plugins": [\r\n {"type":"bridge"},\r\n ${portmap},\r\n ${bandwidth}\r\n]}`,
    ],
    [
      "one is there",
      `{"plugins":[{"type":"bridge"}, ${portmap}]}`,
      `{"plugins":[{"type":"bridge"}, ${portmap}, ${bandwidth}]}`,
    ],
    [
      "plugins twice: the later counts",
      '{"plugins":[],"plugins":[{"type":"bridge"}]}',
      `{"plugins":[],"plugins":[{"type":"bridge"}, ${portmap}, ${bandwidth}]}`,
    ],
  ])("%s", (_what, before, after) => {
    const edited = appendPlugins(before, both);
    expect(edited.text).toBe(after);
    expect(removePlugins(edited.text, edited.appended)).toBe(before);
  });

  test("nothing where all are there, or no list is", () => {
    const full = `{"plugins":[${portmap}, ${bandwidth}]}`;
    expect(appendPlugins(full, both)).toEqual({ text: full, appended: [] });
    expect(appendPlugins('{"type":"bridge"}', both)).toEqual({ text: '{"type":"bridge"}', appended: [] });
  });
});

test("takes out what stands first, or between others", () => {
  const text = '{"plugins": [ {"type":"a"}, {"type":"b"}, {"type":"c"} ]}';
  expect(typesIn(removePlugins(text, ["a"]))).toEqual(["b", "c"]);
  expect(typesIn(removePlugins(text, ["b"]))).toEqual(["a", "c"]);
  expect(typesIn(removePlugins(text, ["a", "c"]))).toEqual(["b"]);
  expect(typesIn(removePlugins(text, ["a", "b"]))).toEqual(["c"]);
});

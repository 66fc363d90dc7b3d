import { expect, test } from "vitest";
import { jsonDocuments } from "./json.ts";
import { parseFilters, parseQdiscs } from "./parse.ts";

test("reads tbf, ingress, clsact and what it does not know", () => {
  const [document = []] = jsonDocuments(
    `[
    {"kind":"tbf","handle":"1:","root":true,"refcnt":3,"options":{"rate":1250000,"burst":31250,"lat":25000,"limit":62500}},
    {"kind":"ingress","handle":"ffff:","parent":"ffff:fff1","options":{}},
    {"kind":"clsact","handle":"ffff:","parent":"ffff:fff1","options":{}},
    {"kind":"noqueue","handle":"0:","root":true,"refcnt":2,"options":{}},
    {"kind":"netem","handle":"8001:","parent":"1:1","options":{}}
  ]`.replaceAll("\n", ""),
  );
  expect(parseQdiscs(document)).toEqual([
    { kind: "tbf", handle: "1:", root: true, rate: 1_250_000, burst: 31_250, limit: 62_500 },
    { kind: "ingress" },
    { kind: "clsact" },
    { kind: "other", type: "noqueue", handle: "0:", root: true },
    { kind: "other", type: "netem", handle: "8001:", root: false },
  ]);
});

test("computes a limit that is shown as latency only", () => {
  const options = { rate: 1_250_000, burst: 31_250, lat: 25_000 };
  expect(parseQdiscs([{ kind: "tbf", handle: "1:", root: true, options }])).toMatchObject([
    { limit: 62_500 },
  ]);
});

test("does not take a tbf without numbers for one", () => {
  expect(() => parseQdiscs([{ kind: "tbf", handle: "1:", root: true }])).toThrow(SyntaxError);
});

const head = { protocol: "all", pref: 1, kind: "u32", chain: 0 };
const mirred = { order: 1, kind: "mirred", mirred_action: "redirect", direction: "egress", to_dev: "ifb9" };
const u32 = (options: object) => ({
  ...head,
  options: { fh: "800::800[80000800]", match: { value: "0", mask: "0" }, ...options },
});

test("reads redirects; heads and hash tables are no filters", () => {
  const table = { ...head, options: { fh: "800:", ht_divisor: 1 } };
  const redirect = {
    kind: "redirect",
    preference: 1,
    protocol: "all",
    handle: "800::800",
    matchAll: true,
    target: "ifb9",
  };
  expect(parseFilters([head, table, u32({ actions: [mirred] })])).toEqual([redirect]);
  expect(parseFilters([u32({ actions: [{ ...mirred, to_dev: "*" }] })])).toEqual([
    { ...redirect, target: undefined },
  ]);
  const narrow = u32({ actions: [mirred], match: { value: "a000001", mask: "ffffffff" } });
  expect(parseFilters([narrow])).toEqual([{ ...redirect, matchAll: false }]);
});

test.each([
  ["bpf", { ...head, kind: "bpf", options: { handle: "0x1" } }],
  ["u32", u32({})],
  ["u32", u32({ actions: [{ ...mirred, mirred_action: "mirror" }] })],
  ["u32", u32({ actions: [{ ...mirred, direction: "ingress" }] })],
])("keeps a %s filter it does not know as other", (type, entry) => {
  expect(parseFilters([entry])).toEqual([{ kind: "other", type, preference: 1, protocol: "all" }]);
});

test.each(["{}", "nonsense", '[]\n"x"'])("refuses %j", (text) => {
  expect(() => jsonDocuments(text)).toThrow(SyntaxError);
});

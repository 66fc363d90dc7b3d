import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { foldKeys } from "./fold-keys.ts";
import type { JsonObject } from "./json.ts";

const keys = {
  properties: {
    name: {},
    rate: { numeric: true },
    runtimeConfig: {
      properties: {
        portMappings: { items: { properties: { hostPort: { numeric: true }, hostIP: {} } } },
      },
    },
  },
} as const;

describe("foldKeys", () => {
  test.each<[string, JsonObject, JsonObject]>([
    [
      "gives known keys their spelling at every depth",
      { RuntimeConfig: { PORTMAPPINGS: [{ HostPort: 80, HostIP: "" }] } },
      { runtimeConfig: { portMappings: [{ hostPort: 80, hostIP: "" }] } },
    ],
    ["takes the later of two spellings", { name: "a", NAME: "b" }, { name: "b" }],
    ["takes the later even if it is the less exact", { Name: "a", name: "b", nAme: "c" }, { name: "c" }],
    ["takes null for absent", { name: null, runtimeConfig: { PortMappings: null } }, { runtimeConfig: {} }],
    ["does not let null undo a value, as Go", { name: "a", Name: null }, { name: "a" }],
    ["keeps unknown keys and their null", { Other: null, X: { Name: 1 } }, { Other: null, X: { Name: 1 } }],
    ["turns a bigint into a number where one is wanted", { Rate: 2n ** 64n }, { rate: 2 ** 64 }],
    [
      "leaves a bigint elsewhere",
      { name: 2n ** 64n, other: 2n ** 64n },
      { name: 2n ** 64n, other: 2n ** 64n },
    ],
    [
      "leaves what has the wrong shape",
      { runtimeConfig: [1, null], rate: "x" },
      { runtimeConfig: [1, null], rate: "x" },
    ],
  ])("%s", (_, document, folded) => {
    expect(foldKeys(document, keys)).toEqual(folded);
  });

  it("takes a key named __proto__ for one like any other", () => {
    const document: unknown = JSON.parse('{"__proto__":{"name":"evil"},"NAME":"a"}');
    const folded = foldKeys(document as JsonObject, keys);
    expect(JSON.stringify(folded)).toBe('{"__proto__":{"name":"evil"},"name":"a"}');
    expect(Object.getPrototypeOf(folded)).toBe(Object.prototype);
  });

  const anyCase = (key: string) =>
    fc
      .array(fc.boolean(), { minLength: key.length, maxLength: key.length })
      .map((ups) => [...key].map((c, i) => (ups[i] ? c.toUpperCase() : c.toLowerCase())).join(""));

  it("does not depend on case, and folding twice changes nothing", () => {
    const written = fc
      .tuple(anyCase("runtimeConfig"), anyCase("portMappings"), anyCase("hostPort"), fc.nat())
      .map(([a, b, c, port]) => ({ document: { [a]: { [b]: [{ [c]: port }] } }, port }));
    fc.assert(
      fc.property(written, ({ document, port }) => {
        const folded = foldKeys(document, keys);
        expect(folded).toEqual({ runtimeConfig: { portMappings: [{ hostPort: port }] } });
        expect(foldKeys(folded, keys)).toEqual(folded);
      }),
    );
  });

  it("leaves a document without known keys as it is", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().map((s) => `x${s}`),
          fc.jsonValue(),
        ),
        (document) => {
          expect(foldKeys(document as JsonObject, keys)).toEqual(document);
        },
      ),
    );
  });
});

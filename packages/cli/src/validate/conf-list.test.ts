import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkConfig, foldKeys, isJsonObject, type JsonObject } from "@cni-chain/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bandwidth, behindBridge, findings, portmap } from "../../test/findings.ts";
import { validate } from "./conf-list.ts";
import { pathText } from "./finding.ts";
import { ours } from "./ours.ts";

describe("nothing to say of", () => {
  const published = join(import.meta.dirname, "../../../../e2e/fixtures/conflists");
  test.each(readdirSync(published).filter((name) => name.endsWith(".conflist")))(
    "%s, as published",
    (name) => {
      expect(findings(readFileSync(join(published, name), "utf8"))).toEqual([]);
    },
  );

  test.each<[string, string]>([
    [
      "keys in another case, as the plugins read them",
      behindBridge('{"type":"portmap","SNAT":false,"capabilities":{"portMappings":true}}'),
    ],
    [
      "null for a field, which is none",
      behindBridge('{"type":"portmap","snat":null,"capabilities":{"portMappings":true}}'),
    ],
    [
      "limits in the file instead of the runtime's",
      behindBridge('{"type":"bandwidth","ingressRate":8000,"ingressBurst":8000}'),
    ],
    ["port mappings in the file", behindBridge('{"type":"portmap","runtimeConfig":{"portMappings":[]}}')],
    [
      "keys with a domain",
      behindBridge('{"type":"portmap","example.org/x":1,"capabilities":{"portMappings":true}}'),
    ],
    ["fields of a plugin that is not ours", behindBridge('{"type":"tuning","sysctll":{"a":"b"}}')],
    [
      "libcni's words for true and false",
      `{"disableCheck":"TRUE","loadOnlyInlinedPlugins":true,${behindBridge(portmap).slice(1)}`,
    ],
    [
      "versions to choose from",
      `{"cniVersions":["0.4.0","1.1.0"],${behindBridge(portmap, bandwidth).slice(1)}`,
    ],
    ["a Windows file", behindBridge(portmap).replaceAll("\n", "\r\n")],
  ])("%s", (_what, text) => {
    expect(findings(text)).toEqual([]);
  });
});

test("a list without plugins is whole where a folder of its name has them (libcni 1.3)", () => {
  const text = '{"cniVersion":"1.0.0","name":"n"}';
  expect(validate(text, { hasFolder: (network) => network === "n" }).findings).toEqual([]);
  expect(validate(text, { hasFolder: () => false }).findings).toHaveLength(1);
  const inlined = text.replace("{", '{"loadOnlyInlinedPlugins":true,');
  expect(validate(inlined, { hasFolder: () => true }).findings).toHaveLength(1);
});

test("all that is wrong is told at once, in the order of the text", () => {
  const text = behindBridge('{"type":"portmap","backend":"x","snat":1}', '{"type":"bandwidth","latency":3}');
  expect(validate(text).findings.map(({ line, column }) => [line, column])).toEqual([
    [2, 1],
    [2, 29],
    [2, 40],
    [3, 1],
    [3, 31],
  ]);
});

test("errors about a plugin's own fields are those that the plugin itself finds", () => {
  const value = fc.oneof(
    fc.boolean(),
    fc.integer(),
    fc.string(),
    fc.constant(null),
    fc.constant([]),
    fc.constant({}),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...ours.values()),
      fc.array(value, { minLength: 3, maxLength: 3 }),
      (plugin, values) => {
        const known = Object.keys(plugin.schema.keys.properties ?? {}).filter(
          (key) => !["name", "cniVersion", "type", "capabilities"].includes(key),
        );
        const fields = Object.fromEntries(
          known.flatMap((key, at) => (at % 3 < values.length ? [[key, values[at % 3] ?? null]] : [])),
        );
        const element: JsonObject = { type: plugin.type, ...fields };
        const list = { cniVersion: "1.0.0", name: "n", plugins: [{ type: "bridge" }, element] };
        const folded = foldKeys({ ...element, cniVersion: "1.0.0", name: "n" }, plugin.schema.keys);
        const own = isJsonObject(folded)
          ? checkConfig(plugin, folded).problems.map(({ path }) => `plugins[1].${path}`)
          : [];
        const told = validate(JSON.stringify(list))
          .findings.filter(({ severity }) => severity === "error")
          .map(({ path }) => pathText(path));
        expect(new Set(told)).toEqual(new Set(own));
      },
    ),
  );
});

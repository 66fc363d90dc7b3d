import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkConfig, foldKeys, isJsonObject, type JsonObject } from "@cni-chain/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { validate } from "./conf-list.ts";
import { pathText } from "./finding.ts";
import { ours } from "./ours.ts";

/** Every finding as `line:column severity path: message`, with what was meant. */
function findings(text: string): string[] {
  return validate(text).findings.map(
    ({ line, column, severity, path, message, suggestion }) =>
      `${line}:${column} ${severity} ${pathText(path)}: ${message}${suggestion ? ` -> ${suggestion}` : ""}`,
  );
}

/** A list with plugins behind a bridge, one a line: the first in line 2. */
function behindBridge(...plugins: string[]): string {
  const all = ['{"type":"bridge"}', ...plugins].join(",\n");
  return `{"cniVersion":"1.0.0","name":"n","plugins":[${all}]}`;
}

const portmap = '{"type":"portmap","capabilities":{"portMappings":true}}';
const bandwidth = '{"type":"bandwidth","capabilities":{"bandwidth":true}}';

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

describe("errors: what runtime or plugins refuse, or what can never work", () => {
  test.each<[string, string, string[]]>([
    [
      "a wrong type",
      behindBridge('{"type":"portmap","snat":"yes","capabilities":{"portMappings":true}}'),
      ['2:26 error plugins[1].snat: "yes" is not allowed, must be a boolean'],
    ],
    [
      "out of range",
      behindBridge('{"type":"portmap","markMasqBit":32,"capabilities":{"portMappings":true}}'),
      ["2:33 error plugins[1].markMasqBit: 32 is not allowed, must be an integer from 0 to 31"],
    ],
    [
      "not in an enumeration",
      behindBridge('{"type":"portmap","backend":"nft","capabilities":{"portMappings":true}}'),
      ['2:29 error plugins[1].backend: "nft" is not allowed, must be "iptables" or "nftables"'],
    ],
    [
      "what no schema says: fields against each other",
      behindBridge(
        '{"type":"portmap","markMasqBit":3,"externalSetMarkChain":"X","capabilities":{"portMappings":true}}',
      ),
      ['2:58 error plugins[1].externalSetMarkChain: "X" together with markMasqBit 3: give one of the two'],
    ],
    [
      "a rate without a burst: where the plugin is",
      behindBridge('{"type":"bandwidth","ingressRate":8000}'),
      ["2:1 error plugins[1].ingressBurst: missing or 0, but ingressRate is 8000; give both or neither"],
    ],
    [
      "deep in a list",
      behindBridge(
        '{"type":"portmap","runtimeConfig":{"portMappings":[{"HostPort":70000,"containerPort":80,"protocol":"tcp"}]}}',
      ),
      [
        "2:64 error plugins[1].runtimeConfig.portMappings[0].hostPort: 70000 is not allowed, must be an integer from 1 to 65535",
      ],
    ],
    [
      "a capability nearly right",
      behindBridge('{"type":"portmap","capabilities":{"portmappings":true}}'),
      ["2:35 error plugins[1].capabilities.portmappings: no runtime has this capability -> portMappings"],
    ],
    [
      "the same with a letter too many",
      behindBridge('{"type":"bandwidth","capabilities":{"bandwidths":true}}'),
      ["2:37 error plugins[1].capabilities.bandwidths: no runtime has this capability -> bandwidth"],
    ],
    [
      "the same of another plugin",
      '{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"bridge","capabilities":{"ipranges":true}}]}',
      ["1:78 error plugins[0].capabilities.ipranges: no runtime has this capability -> ipRanges"],
    ],
    [
      "a capability that is no boolean",
      behindBridge('{"type":"portmap","capabilities":{"portMappings":"true"}}'),
      ['2:50 error plugins[1].capabilities.portMappings: "true" is not allowed, must be true or false'],
    ],
    [
      "ours at the head",
      `{"cniVersion":"1.0.0","name":"n","plugins":[${portmap},\n{"type":"bridge"}]}`,
      [
        "1:53 error plugins[0].type: portmap cannot be the first: it works on the result of the plugin before; put it behind bridge",
      ],
    ],
    [
      "ours alone",
      `{"cniVersion":"1.0.0","name":"n","plugins":[${bandwidth}]}`,
      [
        "1:53 error plugins[0].type: bandwidth cannot be the first: it works on the result of the plugin before; put it behind the plugin that makes the container's interface",
      ],
    ],
    [
      "a version bandwidth has not",
      behindBridge(bandwidth).replace("1.0.0", "0.2.0"),
      [
        "1:15 error cniVersion: 0.2.0 is not spoken by bandwidth, which has 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0",
      ],
    ],
    [
      "a version nobody has",
      behindBridge(bandwidth).replace("1.0.0", "1.0"),
      [
        '1:15 error cniVersion: "1.0" is not allowed, must be "0.1.0" or "0.2.0" or "0.3.0" or "0.3.1" or "0.4.0" or "1.0.0" or "1.1.0"',
      ],
    ],
    [
      "no plugins",
      '{"cniVersion":"1.0.0","name":"n","plugins":[]}',
      ["1:44 error plugins: [] is not allowed, must be a list of one or more plugins"],
    ],
    [
      "plugins under another name",
      '{"cniVersion":"1.0.0","name":"n","Plugins":[]}',
      ["1:34 error Plugins: unknown field, the runtime passes over it -> plugins"],
    ],
    ["neither plugins nor type", '{"cniVersion":"1.0.0","name":"n"}', ["1:1 error plugins: missing"]],
    [
      "a plugin without type",
      '{"cniVersion":"1.0.0","name":"n","plugins":[\n{}]}',
      ["2:1 error plugins[0].type: missing"],
    ],
    [
      "a plugin with an empty type",
      '{"cniVersion":"1.0.0","name":"n","plugins":[\n{"type":""}]}',
      ['2:9 error plugins[0].type: "" is not allowed, must be the file name of a plugin'],
    ],
    [
      "no plugin",
      '{"cniVersion":"1.0.0","name":"n","plugins":[\n1]}',
      ["2:1 error plugins[0]: 1 is not allowed, must be an object"],
    ],
    [
      "a name with a slash",
      behindBridge(portmap).replace('"n"', '"a/b"'),
      [
        "1:30 error name: \"a/b\" is not allowed, must be a letter or digit, then letters, digits, '_', '.' and '-'",
      ],
    ],
    ["no name", behindBridge(portmap).replace('"name":"n",', ""), ["1:1 error name: missing"]],
    [
      "null, where libcni wants a string",
      behindBridge(portmap).replace('"n"', "null"),
      [
        "1:30 error name: null is not allowed, must be a letter or digit, then letters, digits, '_', '.' and '-'",
      ],
    ],
  ])("%s", (_what, text, expected) => {
    expect(findings(text)).toEqual(expected);
  });
});

describe("warnings: what runs, but hardly as meant", () => {
  test.each<[string, string, string[]]>([
    [
      "a field nearly right",
      behindBridge('{"type":"portmap","snatt":true,"capabilities":{"portMappings":true}}'),
      ["2:19 warning plugins[1].snatt: unknown field, portmap passes over it -> snat"],
    ],
    [
      "a field nearly right at depth",
      behindBridge('{"type":"bandwidth","runtimeConfig":{"bandwidth":{"ingresRate":8}}}'),
      [
        "2:51 warning plugins[1].runtimeConfig.bandwidth.ingresRate: unknown field, bandwidth passes over it -> ingressRate",
      ],
    ],
    [
      "capabilities nearly right",
      behindBridge('{"type":"portmap","capability":{"portMappings":true}}'),
      [
        '2:1 warning plugins[1]: without { "portMappings": true } the runtime passes portmap nothing to do',
        "2:19 warning plugins[1].capability: unknown field, portmap passes over it -> capabilities",
      ],
    ],
    [
      "a field of another plugin",
      behindBridge('{"type":"portmap","ipam":{},"capabilities":{"portMappings":true}}'),
      ["2:19 warning plugins[1].ipam: unknown field, portmap passes over it"],
    ],
    [
      "portmap without its capability",
      behindBridge('{"type":"portmap"}'),
      ['2:1 warning plugins[1]: without { "portMappings": true } the runtime passes portmap nothing to do'],
    ],
    [
      "bandwidth with its capability off",
      behindBridge('{"type":"bandwidth","capabilities":{"bandwidth":false}}'),
      [
        '2:36 warning plugins[1].capabilities: without { "bandwidth": true } the runtime passes bandwidth nothing to do',
      ],
    ],
    [
      "a capability of no use",
      behindBridge('{"type":"portmap","capabilities":{"portMappings":true,"bandwidth":true}}'),
      ["2:55 warning plugins[1].capabilities.bandwidth: portmap makes no use of this capability"],
    ],
    [
      "a key twice",
      behindBridge('{"type":"portmap","snat":true,"snat":false,"capabilities":{"portMappings":true}}'),
      ["2:31 warning plugins[1].snat: stands twice, first in line 2; the later one counts"],
    ],
    [
      "a key twice in two cases",
      behindBridge('{"type":"portmap","snat":true,\n"Snat":false,"capabilities":{"portMappings":true}}'),
      ["3:1 warning plugins[1].Snat: stands twice, first in line 2; the later one counts"],
    ],
    [
      "the list's key twice",
      `{"name":"a",\n${behindBridge(portmap).slice(1)}`,
      ["2:22 warning name: stands twice, first in line 1; the later one counts"],
    ],
    [
      "a plugin twice",
      behindBridge(portmap, portmap),
      ["3:9 warning plugins[2].type: portmap stands in the list twice"],
    ],
    [
      "a type nearly right",
      behindBridge('{"type":"portmaps"}'),
      ["2:9 warning plugins[1].type: no plugin of that name is known here -> portmap"],
    ],
    [
      "in front of who makes the interface",
      `{"cniVersion":"1.0.0","name":"n","plugins":[{"type":"loopback"},\n${portmap},{"type":"bridge"}]}`,
      [
        "2:9 warning plugins[1].type: portmap stands in front of bridge, whose interface it then does not see",
      ],
    ],
    [
      "no version",
      behindBridge(portmap).replace('"cniVersion":"1.0.0",', ""),
      ["1:1 warning : cniVersion is missing, which means 0.1.0"],
    ],
    [
      "a version to choose that ours has not",
      `{"cniVersions":["2.0.0"],${behindBridge(portmap).slice(1)}`,
      [
        "1:17 warning cniVersions[0]: a runtime that has 2.0.0 would take it, and portmap refuse it: that has 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0",
      ],
    ],
    [
      "a list's field nearly right",
      `{"disableCheque":true,"disablegc":true,${behindBridge(portmap).slice(1)}`,
      [
        "1:2 warning disableCheque: unknown field, the runtime passes over it -> disableCheck",
        "1:23 warning disablegc: unknown field, the runtime passes over it -> disableGC",
      ],
    ],
    [
      "a single plugin's configuration",
      '{"cniVersion":"1.0.0","name":"n","type":"bridge"}',
      [
        '1:1 warning : a single plugin\'s configuration, which runtimes give up; make it a list: { "cniVersion", "name", "plugins": [ … ] }',
      ],
    ],
  ])("%s", (_what, text, expected) => {
    expect(findings(text)).toEqual(expected);
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

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { schema as bandwidth } from "../../bandwidth/src/generated/config-schema.js";
import { schema as loopback } from "../../loopback/src/generated/config-schema.js";
import { schema as portmap } from "../../portmap/src/generated/config-schema.js";
import { schema as result } from "../src/generated/result-schema.js";
import { type CompiledSchema, foldKeys, type JsonObject } from "../src/index.ts";
import type { KeyTree } from "../src/plugin.ts";

const plugins = { portmap, bandwidth, loopback };

function problems(schema: CompiledSchema, fields: JsonObject): string[] {
  const conf = foldKeys({ cniVersion: "1.0.0", name: "net", ...fields }, schema.keys);
  return schema.validate(conf).map(({ path, message }) => `${path}: ${message}`);
}

function mapping(fields: JsonObject): JsonObject {
  const good = { hostPort: 8080, containerPort: 80, protocol: "tcp" };
  return { runtimeConfig: { portMappings: [{ ...good, ...fields }] } };
}

describe("accepted, as runtimes send it", () => {
  test.each<[keyof typeof plugins, JsonObject]>([
    ["loopback", { type: "loopback", cniVersion: "0.3.1" }],
    ["portmap", { type: "portmap", capabilities: { portMappings: true }, snat: true }],
    [
      "portmap",
      { runtimeConfig: { portMappings: [{ HostPort: 53, ContainerPort: 53, Protocol: "udp", HostIP: "" }] } },
    ],
    ["portmap", mapping({ protocol: "SCTP", hostIP: "127.0.0.1", name: "unknown" })],
    ["portmap", { runtimeConfig: null }],
    ["portmap", { runtimeConfig: { portMappings: null } }],
    [
      "portmap",
      { backend: "iptables", markMasqBit: 31, conditionsV4: ["!", "-d", "192.0.2.0/24"], $schema: "x" },
    ],
    ["portmap", { externalSetMarkChain: "KUBE-MARK-MASQ" }],
    [
      "bandwidth",
      {
        runtimeConfig: {
          bandwidth: { IngressRate: 10000000, IngressBurst: 4294967295, EgressRate: 0, EgressBurst: 0 },
        },
      },
    ],
    ["bandwidth", { ingressRate: 8, latency: "25ms", honourRuntimeBurst: true }],
  ])("%s %j", (plugin, fields) => {
    expect(problems(plugins[plugin], fields)).toEqual([]);
  });
});

test("accepted: the largest rate a runtime can send", () => {
  expect(problems(bandwidth, { ingressRate: 2n ** 64n - 1n })).toEqual([]);
});

describe("refused, with the value and what is allowed", () => {
  const chain = "a letter, digit or '_', then letters, digits, '_', '.', ':' and '-', 28 in all";
  const port = "an integer from 1 to 65535";
  test.each<[keyof typeof plugins, JsonObject, string[]]>([
    [
      "portmap",
      { name: "my net" },
      [`name: "my net" is not allowed, must be a letter or digit, then letters, digits, '_', '.' and '-'`],
    ],
    ["portmap", { backend: "nft" }, ['backend: "nft" is not allowed, must be "iptables" or "nftables"']],
    [
      "portmap",
      { snat: "yes", masqAll: 1 },
      ['snat: "yes" is not allowed, must be a boolean', "masqAll: 1 is not allowed, must be a boolean"],
    ],
    ["portmap", { markMasqBit: 32 }, ["markMasqBit: 32 is not allowed, must be an integer from 0 to 31"]],
    [
      "portmap",
      { externalSetMarkChain: "-X" },
      [`externalSetMarkChain: "-X" is not allowed, must be ${chain}`],
    ],
    [
      "portmap",
      { externalSetMarkChain: "x".repeat(29) },
      [`externalSetMarkChain: "${"x".repeat(29)}" is not allowed, must be ${chain}`],
    ],
    [
      "portmap",
      { conditionsV6: ["-d", "a\nb"] },
      [
        'conditionsV6[1]: "a\\nb" is not allowed, must be one or more characters, none of them a control character',
      ],
    ],
    [
      "portmap",
      mapping({ hostPort: 0, containerPort: 65536 }),
      [
        `runtimeConfig.portMappings[0].hostPort: 0 is not allowed, must be ${port}`,
        `runtimeConfig.portMappings[0].containerPort: 65536 is not allowed, must be ${port}`,
      ],
    ],
    [
      "portmap",
      mapping({ hostPort: "80", containerPort: 80.5 }),
      [
        `runtimeConfig.portMappings[0].hostPort: "80" is not allowed, must be ${port}`,
        `runtimeConfig.portMappings[0].containerPort: 80.5 is not allowed, must be ${port}`,
      ],
    ],
    [
      "portmap",
      mapping({ protocol: "icmp" }),
      ['runtimeConfig.portMappings[0].protocol: "icmp" is not allowed, must be tcp, udp or sctp'],
    ],
    ["portmap", mapping({ hostPort: null }), ["runtimeConfig.portMappings[0].hostPort: missing"]],
    [
      "bandwidth",
      { ingressRate: -1 },
      ["ingressRate: -1 is not allowed, must be an integer from 0 to 18446744073709551615"],
    ],
    [
      "bandwidth",
      { latency: "25" },
      ['latency: "25" is not allowed, must be a number with its unit us, ms or s, as 25ms'],
    ],
    [
      "bandwidth",
      { runtimeConfig: { bandwidth: { EgressBurst: "1" } } },
      [
        'runtimeConfig.bandwidth.egressBurst: "1" is not allowed, must be an integer from 0 to 18446744073709551615',
      ],
    ],
    ["loopback", { type: 1 }, ["type: 1 is not allowed, must be a string"]],
  ])("%s %j", (plugin, fields, lines) => {
    expect(problems(plugins[plugin], fields)).toEqual(lines);
  });

  it("all at once", () => {
    expect(
      problems(portmap, { snat: 1, masqAll: 2, backend: 3, markMasqBit: 4.5 }).length,
    ).toBeGreaterThanOrEqual(4);
  });
});

describe("the small test that comes first accepts what ajv does, and nothing else", () => {
  const ajv = new Ajv2020({ unicodeRegExp: true });
  ajv.addVocabulary(["x-allowed"]);
  for (const name of ["common", "portmap", "bandwidth", "loopback", "result"]) {
    const file = join(import.meta.dirname, `../../../schemas/${name}.schema.json`);
    ajv.addSchema(JSON.parse(readFileSync(file, "utf8")));
  }
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(1, 0, -1, 31, 32, 65535, 65536, 4.5, true, null, [], {}, [""], ["a\u0001"]),
    fc.constantFrom(
      "",
      "tcp",
      "UDP",
      "icmp",
      "25ms",
      "25",
      "1.0.0",
      "iptables",
      "refuse",
      "a b",
      "-x",
      "KUBE",
    ),
    fc.constantFrom("x".repeat(28), "x".repeat(29), "10.0.0.1/24"),
  );
  /** Documents with the keys of a schema, most of them with values of the right kind. */
  const documents = (keys: KeyTree): fc.Arbitrary<unknown> => {
    if (keys.properties !== undefined) {
      const fields = Object.entries(keys.properties).map(([key, below]) => [key, documents(below)]);
      return fc.oneof(
        { weight: 9, arbitrary: fc.record(Object.fromEntries(fields), { requiredKeys: [] }) },
        leaf,
      );
    }
    if (keys.items !== undefined) {
      return fc.oneof({ weight: 9, arbitrary: fc.array(documents(keys.items), { maxLength: 3 }) }, leaf);
    }
    return keys.numeric
      ? fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -1, max: 70_000 }) }, leaf)
      : leaf;
  };

  test.each(Object.entries({ ...plugins, result }))("%s", (name, schema) => {
    const validate = ajv.getSchema(`${name}.schema.json`);
    if (validate === undefined) throw new Error("no such schema");
    const one = fc.oneof(
      documents(schema.keys),
      // One field at a time: few documents of many fields are right in all.
      ...Object.entries(schema.keys.properties ?? {}).map(([key, below]) =>
        documents(below).map((value) => ({ [key]: value })),
      ),
    );
    let accepted = 0;
    fc.assert(
      fc.property(one, (document) => {
        const fits = validate(document) === true;
        if (fits) accepted += 1;
        expect(schema.validate(document).length === 0).toBe(fits);
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(20);
  });
});

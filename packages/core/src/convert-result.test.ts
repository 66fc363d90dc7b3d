import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { resultDocument } from "./convert-result.ts";
import { type JsonObject, parseJson, printJson } from "./json.ts";
import { readResult } from "./read-result.ts";
import type { Result } from "./result.ts";
import { type CniVersion, cniVersions } from "./versions.ts";

function read(document: JsonObject, assumed: CniVersion = "1.0.0"): Result {
  const result = readResult(document, assumed);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
}

/** What a runtime reads of it. */
function printed(result: Result, version: CniVersion): unknown {
  return parseJson(printJson(resultDocument(result, version)));
}

function problems(document: JsonObject): string[] {
  const result = readResult(document, "1.0.0");
  return result.ok ? [] : result.problems.map(({ path, message }) => `${path}: ${message}`);
}

const interfaces = [
  { mac: "76:79:9d:4d:fd:21", name: "cri0" },
  { mac: "52:61:01:fc:60:6b", name: "eth0", sandbox: "/run/netns/c1", vendor: { vf: 3 } },
];
const dns = { nameservers: ["10.96.0.10"], vendor: true };
const v4Routes = [{ dst: "0.0.0.0/0", gw: "10.88.77.1", metric: 5 }];
const v6Routes = [{ dst: "fd00:1::/64" }];

/** The same attachment as each shape of result says it, with fields no version knows at every level. */
const plain = {
  interfaces,
  ips: [
    { address: "10.88.77.5/24", gateway: "10.88.77.1", interface: 1, vendor: "x" },
    { address: "fd00::5/64", interface: 1 },
  ],
  routes: [...v4Routes, ...v6Routes],
  dns,
  vendor: { id: 12345678901234567890n },
};
const versioned = {
  ...plain,
  ips: plain.ips.map((ip, i) => ({ version: i === 0 ? "4" : "6", ...ip })),
};
const legacy = {
  ip4: { ip: "10.88.77.5/24", gateway: "10.88.77.1", vendor: "x", routes: v4Routes },
  ip6: { ip: "fd00::5/64", routes: v6Routes },
  dns,
  vendor: plain.vendor,
};
/** What is left of it in the newer shapes once it has been through 0.2.0. */
const { interfaces: _, ...lean } = {
  ...plain,
  ips: plain.ips.map(({ interface: _, ...ip }) => ip),
};

function documentAt(version: CniVersion): JsonObject {
  if (version < "0.3.0") return { cniVersion: version, ...legacy };
  return { cniVersion: version, ...(version < "1.0.0" ? versioned : plain) };
}
const pairs = cniVersions.flatMap((from) => cniVersions.map((to) => [from, to] as const));

describe("a result from one version to another", () => {
  test.each(pairs)("%s to %s", (from, to) => {
    const expected =
      from < "0.3.0" && to >= "0.3.0"
        ? {
            cniVersion: to,
            ...lean,
            ips: lean.ips.map((ip, i) => ({ ...(to < "1.0.0" && { version: i === 0 ? "4" : "6" }), ...ip })),
          }
        : documentAt(to);
    expect(printed(read(documentAt(from)), to)).toEqual(expected);
  });

  test.each(pairs)("%s to %s and back", (from, to) => {
    const there = printed(read(documentAt(from)), to) as JsonObject;
    const back = printed(read(there), from);
    expect(back).toEqual(
      to < "0.3.0" && from >= "0.3.0"
        ? {
            cniVersion: from,
            ...lean,
            ips: lean.ips.map((ip, i) => ({
              ...(from < "1.0.0" && { version: i === 0 ? "4" : "6" }),
              ...ip,
            })),
          }
        : documentAt(from),
    );
  });

  test.each(cniVersions)("at %s has cniVersion first", (version) => {
    expect(Object.keys(resultDocument(read(documentAt("0.2.0")), version))[0]).toBe("cniVersion");
  });

  it("keeps the first address of a family for 0.2.0", () => {
    const ips = ["10.0.0.1/24", "fd00::1/64", "10.0.0.2/24"].map((address) => ({ address, interface: 0 }));
    expect(printed(read({ ips, routes: v6Routes }), "0.2.0")).toEqual({
      cniVersion: "0.2.0",
      ip4: { ip: "10.0.0.1/24" },
      ip6: { ip: "fd00::1/64", routes: v6Routes },
    });
  });

  it("takes the configuration's version for one that is missing", () => {
    const { cniVersion: _, ...document } = documentAt("0.4.0");
    expect(printed(read(document, "0.4.0"), "0.4.0")).toEqual(documentAt("0.4.0"));
    expect(printed(read({ ...document, cniVersion: "" }, "0.4.0"), "0.4.0")).toEqual(documentAt("0.4.0"));
  });

  it("goes by the shape where that is later than the version up to 0.2.0, as the reference's loopback prints it", () => {
    for (const cniVersion of ["0.1.0", "0.2.0"] as const) {
      const result = read({ ...plain, cniVersion });
      expect(printed(result, "1.0.0")).toEqual({ ...plain, cniVersion: "1.0.0" });
      expect(printed(result, cniVersion)).toMatchObject({ cniVersion, ip4: { ip: "10.88.77.5/24" } });
    }
  });

  it("folds keys as Go does", () => {
    expect(read({ IPs: [{ Address: "10.0.0.1/24", Interface: 0 }], Routes: null }).ips).toEqual([
      { address: "10.0.0.1/24", interface: 0 },
    ]);
  });
});

describe("what no plugin touched comes out as it went in", () => {
  const unknown = fc.dictionary(
    fc.string().map((key) => `x-${key}`),
    fc.jsonValue(),
    { maxKeys: 3 },
  );
  const present = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const with_ = (known: fc.Arbitrary<object>) =>
    fc
      .tuple(unknown, known)
      .map(([more, fields]) => parseJson(printJson({ ...more, ...fields })) as JsonObject);
  const v4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`);
  const v6 = fc.tuple(fc.ipV6(), fc.integer({ min: 96, max: 128 })).map(([ip, bits]) => `${ip}/${bits}`);
  const cidr = fc.oneof(v4, v6);
  const route = with_(fc.record({ dst: cidr, gw: present(fc.constantFrom("", "10.0.0.1", "fd00::1")) }));
  const routes = present(fc.array(route, { maxLength: 3 }));
  const dnsOf = present(with_(fc.record({ nameservers: present(fc.array(fc.string())) })));
  const modern = (ip: object) =>
    with_(
      fc.record({
        interfaces: present(
          fc.array(with_(fc.record({ name: fc.string(), mac: present(fc.string()) })), { maxLength: 3 }),
        ),
        ips: present(
          fc.array(with_(fc.record({ address: cidr, interface: present(fc.nat(3)), ...ip })), {
            maxLength: 3,
          }),
        ),
        routes,
        dns: dnsOf,
      }),
    );
  const old = with_(
    fc.record({
      ip4: present(with_(fc.record({ ip: v4, gateway: present(fc.ipV4()), routes }))),
      ip6: present(with_(fc.record({ ip: v6, routes }))),
      dns: dnsOf,
    }),
  );

  test.each(cniVersions)("%s", (version) => {
    const body =
      version < "0.3.0" ? old : modern(version < "1.0.0" ? { version: fc.constantFrom("4", "6") } : {});
    fc.assert(
      fc.property(body, (fields) => {
        const document = { ...fields, cniVersion: version };
        expect(printed(read(document), version)).toEqual(document);
        // A plugin that makes a new result of it changes no more than it says.
        expect(printed({ ...read(document) }, version)).toEqual(document);
      }),
    );
  });

  it("and what a plugin adds stands beside it", () => {
    const document = { cniVersion: "1.0.0", interfaces: [{ name: "eth0" }], ips: [], dns: {} };
    const result = read(document);
    const ifb = { name: "bwp70a29d9dc18b", mac: "02:00:00:00:00:01" };
    expect(printed({ ...result, interfaces: [...result.interfaces, ifb] }, "1.0.0")).toEqual({
      ...document,
      interfaces: [{ name: "eth0" }, ifb],
    });
  });
});

describe("a result made by a plugin", () => {
  const lo = { name: "lo", mac: "00:00:00:00:00:00", sandbox: "/run/netns/c1" };
  const result: Result = {
    interfaces: [lo],
    ips: [{ address: "::1/128", interface: 0 }],
    routes: [],
    dns: {},
  };

  test.each([
    ["1.1.0", { interfaces: [lo], ips: [{ address: "::1/128", interface: 0 }], dns: {} }],
    ["0.3.1", { interfaces: [lo], ips: [{ version: "6", address: "::1/128", interface: 0 }], dns: {} }],
    ["0.2.0", { ip6: { ip: "::1/128" }, dns: {} }],
  ] as const)("at %s", (version, body) => {
    expect(printed(result, version)).toEqual({ cniVersion: version, ...body });
  });
});

describe("readResult refuses", () => {
  test.each<[JsonObject, string[]]>([
    [
      { cniVersion: "3.0.0" },
      [`prevResult.cniVersion: "3.0.0" is not known; known are ${cniVersions.join(", ")}`],
    ],
    [{ ips: {} }, ["prevResult.ips: {} is not allowed, must be an array"]],
    [
      { ips: [{}], interfaces: [{ mac: 1 }] },
      [
        "prevResult.interfaces[0].name: missing",
        "prevResult.interfaces[0].mac: 1 is not allowed, must be a string",
        "prevResult.ips[0].address: missing",
      ],
    ],
    [
      { ips: [{ address: "10.0.0.1", gateway: "x" }], routes: [{ dst: "all", gw: "10.0.0.256" }] },
      [
        'prevResult.ips[0].address: "10.0.0.1" is not allowed, must be an address with prefix length',
        'prevResult.ips[0].gateway: "x" is not allowed, must be an IP address',
        'prevResult.routes[0].dst: "all" is not allowed, must be an address with prefix length',
        'prevResult.routes[0].gw: "10.0.0.256" is not allowed, must be an IP address',
      ],
    ],
    [
      { cniVersion: "0.2.0", ip4: { ip: "10.0.0.1", gateway: "g", routes: [{ dst: "d" }] } },
      [
        'prevResult.ip4.ip: "10.0.0.1" is not allowed, must be an address with prefix length',
        'prevResult.ip4.gateway: "g" is not allowed, must be an IP address',
        'prevResult.ip4.routes[0].dst: "d" is not allowed, must be an address with prefix length',
      ],
    ],
  ])("%j", (document, lines) => {
    expect(problems(document)).toEqual(lines);
  });

  it("what is no object", () => {
    expect(readResult("x", "1.0.0")).toEqual({
      ok: false,
      problems: [{ path: "prevResult", message: '"x" is not allowed, must be an object' }],
    });
  });
});

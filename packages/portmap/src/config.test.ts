import type { JsonObject } from "@cni-chain/core";
import { describe, expect, test } from "vitest";
import { type BackendName, readConfig, unfitFields, wantedBackend } from "./config.ts";

const web = { hostPort: 8080, containerPort: 80, protocol: "tcp" };
const read = (fields: JsonObject) => {
  const config = readConfig(fields);
  if (!config.ok) throw new Error(JSON.stringify(config.problems));
  return config.value;
};
const problems = (fields: JsonObject) => {
  const config = readConfig(fields);
  return config.ok ? [] : config.problems;
};

test("defaults are the reference plugin's", () => {
  expect(read({})).toEqual({
    snat: true,
    masqAll: false,
    marking: { kind: "bit", bit: 13 },
    conditions: { v4: [], v6: [] },
    onConflict: "replace",
    timeoutMs: 30_000,
    portMappings: [],
  });
});

test("false and 0 are values, not absence", () => {
  expect(read({ snat: false, markMasqBit: 0 })).toMatchObject({
    snat: false,
    marking: { kind: "bit", bit: 0 },
  });
});

describe("hostIP", () => {
  test.each([
    [undefined, { kind: "any" }],
    ["", { kind: "any" }],
    ["0.0.0.0", { kind: "family", family: "v4" }],
    ["::", { kind: "family", family: "v6" }],
    ["0:0::0", { kind: "family", family: "v6" }],
    ["192.0.2.1", { kind: "address", family: "v4", address: "192.0.2.1" }],
    ["2001:DB8:0::1", { kind: "address", family: "v6", address: "2001:db8::1" }],
  ])("%j", (hostIP, expected) => {
    const mapping = hostIP === undefined ? web : { ...web, hostIP };
    expect(read({ runtimeConfig: { portMappings: [mapping] } }).portMappings[0]?.hostIp).toEqual(expected);
  });

  test.each([
    "nonsense",
    "1.2.3",
    "1.2.3.4/24",
    "01.2.3.4",
    "0x7f.1",
    "fe80::1%eth0",
    "1.2.3.4\n-j ACCEPT",
    " 1.2.3.4",
  ])("%j is refused by name and value", (hostIP) => {
    const found = problems({ runtimeConfig: { portMappings: [web, { ...web, hostIP }] } });
    expect(found).toHaveLength(1);
    expect(found[0]?.path).toBe("runtimeConfig.portMappings[1].hostIP");
    expect(found[0]?.message).toContain(JSON.stringify(hostIP));
  });
});

test("a protocol in capitals is the same protocol", () => {
  const config = read({ runtimeConfig: { portMappings: [{ ...web, protocol: "UDP" }] } });
  expect(config.portMappings[0]?.protocol).toBe("udp");
});

test("every problem is told at once", () => {
  const found = problems({
    markMasqBit: 3,
    externalSetMarkChain: "X",
    conditionsV4: ["ip", "saddr"],
    conditionsV6: ["ip6 saddr"],
    runtimeConfig: { portMappings: [{ ...web, hostIP: "a" }, web, { ...web, hostIP: "b" }] },
  });
  expect(found.map(({ path }) => path)).toEqual([
    "externalSetMarkChain",
    "conditionsV4[0]",
    "conditionsV6[0]",
    "runtimeConfig.portMappings[0].hostIP",
    "runtimeConfig.portMappings[2].hostIP",
  ]);
});

describe("backend", () => {
  const iptables = ["-s", "192.0.2.0/24"];
  const nft = ["ip saddr", "192.0.2.0/24"];

  test("is what the configuration names, and else nobody's", () => {
    expect(read({ backend: "nftables", conditionsV4: nft }).backend).toBe("nftables");
    expect(read({ conditionsV4: nft }).backend).toBeUndefined();
    expect([wantedBackend({ backend: "iptables" }), wantedBackend({ backend: ["iptables"] })]).toEqual([
      { backend: "iptables", timeoutMs: 30_000 },
      { timeoutMs: 30_000 },
    ]);
  });

  test("has the time that is given, or the default where DEL finds nonsense", () => {
    expect(read({ timeoutSeconds: 5 }).timeoutMs).toBe(5000);
    for (const timeoutSeconds of ["5", 0, 601, 1.5, null])
      expect(wantedBackend({ timeoutSeconds }).timeoutMs).toBe(30_000);
  });

  test.each<[JsonObject, string[]]>([
    [{ backend: "nftables", markMasqBit: 3 }, ["markMasqBit"]],
    [{ backend: "nftables", externalSetMarkChain: "X" }, ["externalSetMarkChain"]],
    [{ backend: "nftables", conditionsV4: iptables, conditionsV6: nft }, ["conditionsV4[0]"]],
    [{ backend: "iptables", conditionsV4: iptables, conditionsV6: nft }, ["conditionsV6[0]"]],
    [{ conditionsV4: nft, conditionsV6: iptables }, ["conditionsV6[0]"]],
    [{ externalSetMarkChain: "X", conditionsV6: nft }, ["conditionsV6[0]"]],
    [{ backend: "nftables", conditionsV4: [...nft, "accept"] }, ["conditionsV4"]],
    [{ backend: "nftables", conditionsV6: ["ip6 saddr {"] }, ["conditionsV6"]],
  ])("%j is refused at %j", (fields, paths) => {
    expect(problems(fields).map(({ path }) => path)).toEqual(paths);
  });

  test("chosen for the node refuses what is made for the other", () => {
    const fields = (written: JsonObject, chosen: BackendName) =>
      unfitFields(read(written), chosen).map(({ path }) => path);
    expect(fields({ conditionsV4: nft, conditionsV6: nft }, "iptables")).toEqual([
      "conditionsV4[0]",
      "conditionsV6[0]",
    ]);
    expect(fields({ externalSetMarkChain: "X", conditionsV4: iptables }, "nftables")).toEqual([
      "externalSetMarkChain",
      "conditionsV4[0]",
    ]);
    expect(fields({ conditionsV4: nft }, "nftables")).toEqual([]);
    expect(fields({ markMasqBit: 3 }, "nftables")).toEqual([]);
  });
});

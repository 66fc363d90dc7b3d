import type { JsonObject } from "@cni-chain/core";
import { describe, expect, test } from "vitest";
import { readConfig } from "./config.ts";

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

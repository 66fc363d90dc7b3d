import type { Address, LinkWithAddresses } from "@cni-chain/ip-ts";
import { expect, test } from "vitest";
import { differences } from "./check.ts";
import { foreignAddresses, freshResult, refuseForeignAddresses } from "./plan.ts";

const v4 = (address: string, prefixLength = 8): Address => ({
  family: "inet",
  address,
  prefixLength,
  scope: "host",
});
const v6 = (address: string): Address => ({ family: "inet6", address, prefixLength: 128, scope: "host" });

function lo(addresses: readonly Address[], up = true): LinkWithAddresses {
  return {
    name: "lo",
    ifindex: 1,
    kind: undefined,
    flags: up ? ["UP"] : [],
    up,
    mtu: 65536,
    txqlen: 1000,
    mac: "00:00:00:00:00:00",
    master: undefined,
    alias: undefined,
    peer: undefined,
    addresses,
  };
}

test.each([
  [
    [v4("127.0.0.1"), v6("::1")],
    ["127.0.0.1/8", "::1/128"],
  ],
  [
    [v4("127.0.0.1"), v4("127.0.0.2"), v6("::1")],
    ["127.0.0.1/8", "::1/128"],
  ],
  [[v4("127.0.0.1")], ["127.0.0.1/8"]],
  [[], []],
])("reports the first address of each family", (addresses, expected) => {
  const result = freshResult(lo(addresses), "/run/netns/x");
  expect(result.ips).toEqual(expected.map((address) => ({ address, interface: 0 })));
  expect(result.interfaces).toEqual([{ name: "lo", mac: "00:00:00:00:00:00", sandbox: "/run/netns/x" }]);
});

test("knows what does not belong on lo", () => {
  const link = lo([v4("127.0.0.53"), v4("10.0.0.1", 32), v4("1.127.0.1", 32), v6("::1"), v6("fd00::1")]);
  expect(foreignAddresses(link)).toEqual(["10.0.0.1/32", "1.127.0.1/32", "fd00::1/128"]);
  expect(() => refuseForeignAddresses(link, "/n")).toThrow("10.0.0.1/32, 1.127.0.1/32, fd00::1/128");
  expect(() => refuseForeignAddresses(lo([v4("127.0.0.1")]), "/n")).not.toThrow();
});

test("CHECK tells what it expects and finds", () => {
  expect(differences(lo([v4("127.0.0.1")]))).toEqual([]);
  expect(differences(lo([v6("::1")]))).toEqual([]);
  expect(differences(lo([v4("10.0.0.1", 32)], false))).toEqual([
    "lo: expected it up, found it down",
    "lo: expected a loopback address (127.0.0.1 or ::1), found 10.0.0.1",
    "lo: expected loopback addresses alone, found 10.0.0.1/32",
  ]);
});

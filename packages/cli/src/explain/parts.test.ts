import { describe, expect, test } from "vitest";
import { UsageError } from "../failure.ts";
import { isLoopback, isWithin, neighbourOf } from "./addresses.ts";
import { hears, parseListeners } from "./sockets.ts";
import { addressOption, parseTarget } from "./target.ts";

test.each([
  ["10.1.0.5", "10.1.0.0/16", true],
  ["10.2.0.5", "10.1.0.0/16", false],
  ["10.1.0.5", "10.1.0.5", true],
  ["10.1.0.5", "0.0.0.0/0", true],
  ["fd00::5", "fd00::/64", true],
  ["fd00:0:0:1::5", "fd00::/64", false],
  ["10.1.0.5", "::/0", false],
  ["10.1.0.5", "nonsense", false],
])("%s within %s: %s", (address, network, expected) => {
  expect(isWithin(address, network)).toBe(expected);
});

test("loopback, and a neighbour in a network", () => {
  expect(["127.0.0.1", "127.9.9.9", "::1", "10.0.0.1"].map(isLoopback)).toEqual([true, true, true, false]);
  expect(neighbourOf("192.0.2.1/28")).toBe("192.0.2.2");
  expect(neighbourOf("192.0.2.15/28")).toBe("192.0.2.14");
  expect(neighbourOf("2001:db8::ff/64")).toBe("2001:db8::100");
  expect(neighbourOf("192.0.2.1/32")).toBeUndefined();
});

describe("who listens", () => {
  const line = (local: string, state: string) =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000`;
  const head = "  sl  local_address rem_address   st tx_queue rx_queue";

  test("IPv4, IPv6, and sockets that are connected", () => {
    const text = [
      head,
      line("0100007F:0050", "0A"),
      line("00000000:1F90", "0A"),
      line("0200580A:0051", "01"),
      "   3: B80D0120000000000000000001000000:0035 00000000000000000000000000000000:0000 07 0:0",
    ].join("\n");
    const listeners = parseListeners(text);
    expect(listeners.map(({ address, port }) => `${address} ${port}`)).toEqual([
      "127.0.0.1 80",
      "0.0.0.0 8080",
      "2001:db8::1 53",
    ]);
    expect(hears(listeners, "10.88.0.2", 8080)).toBe(true);
    expect(hears(listeners, "10.88.0.2", 80)).toBe(false);
    expect(hears(listeners, "127.0.0.1", 80)).toBe(true);
    expect(hears(listeners, "10.88.0.2", 81)).toBe(false);
  });
});

test("a target", () => {
  expect(parseTarget("tcp/8080")).toEqual({ protocol: "tcp", port: 8080 });
  expect(parseTarget("53/UDP")).toEqual({ protocol: "udp", port: 53 });
  expect(parseTarget("80")).toEqual({ protocol: "tcp", port: 80 });
  for (const text of ["", "tcp", "tcp/0", "tcp/65536", "icmp/1", "1/2", "tcp/udp/1"]) {
    expect(() => parseTarget(text), text).toThrow(UsageError);
  }
  expect(addressOption("--from", "::ffff:10.0.0.1")).toBe("10.0.0.1");
  expect(() => addressOption("--from", "10.0.0.1/8")).toThrow(UsageError);
});

import { isIPv4, isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { formatCidr, parseAddress, parseCidr } from "./ip.ts";

describe("parseAddress", () => {
  test.each([
    ["10.0.0.1", "v4", "10.0.0.1", false],
    ["0.0.0.0", "v4", "0.0.0.0", true],
    ["255.255.255.255", "v4", "255.255.255.255", false],
    ["::", "v6", "::", true],
    ["0:0:0:0:0:0:0:0", "v6", "::", true],
    ["::1", "v6", "::1", false],
    ["2001:DB8::00A1", "v6", "2001:db8::a1", false],
    ["2001:db8:0:1:1:1:1:1", "v6", "2001:db8:0:1:1:1:1:1", false],
    ["2001:0:0:1:0:0:0:1", "v6", "2001:0:0:1::1", false],
    ["2001:db8:0:0:1:0:0:1", "v6", "2001:db8::1:0:0:1", false],
    ["1::", "v6", "1::", false],
    ["10:0:0:100:0:0:0:0", "v6", "10:0:0:100::", false],
    ["64:ff9b::1.2.3.4", "v6", "64:ff9b::102:304", false],
    ["::ffff:10.0.0.1", "v4", "10.0.0.1", false],
    ["::ffff:0:0", "v4", "0.0.0.0", true],
  ])("reads %s", (text, family, address, unspecified) => {
    expect(parseAddress(text)).toEqual({ family, address, unspecified });
  });

  test.each([
    "",
    "10.0.0",
    "10.0.0.01",
    "10.0.0.256",
    "10.0.0.1.1",
    " 10.0.0.1",
    "0x7f.0.0.1",
    "127.1",
    "1e1.0.0.1",
    ":",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::12345",
    "::g",
    ":1",
    "1:",
    "fe80::1%eth0",
    "::1.2.3",
    "1.2.3.4::",
    "::1.2.3.4:5",
    "[::1]",
    "nonsense",
  ])("refuses %j", (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });

  it("takes and refuses what the engine's own check does", () => {
    const likely = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc
        .array(fc.constantFrom("0", "1", "ff", ":", "::", ".", "10", "256", "a"), { maxLength: 20 })
        .map((p) => p.join("")),
    );
    fc.assert(
      fc.property(likely, (text) => {
        expect(parseAddress(text) !== undefined).toBe(isIPv4(text) || isIPv6(text));
      }),
      { numRuns: 1000 },
    );
  });

  it("prints what the URL standard prints, and reads it back", () => {
    fc.assert(
      fc.property(
        fc.ipV6().filter((text) => !text.includes(".")),
        (text) => {
          const parsed = parseAddress(text);
          const canonical = new URL(`http://[${text}]/`).hostname.slice(1, -1);
          if (parsed?.family === "v6") expect(parsed.address).toBe(canonical);
          expect(parseAddress(canonical)).toEqual(parsed);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("parseCidr", () => {
  test.each([
    ["10.0.0.2/24", "10.0.0.2/24"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["10.0.0.2/32", "10.0.0.2/32"],
    ["FD00::0:2/64", "fd00::2/64"],
    ["::/0", "::/0"],
    ["::1/128", "::1/128"],
    ["::ffff:10.0.0.1/120", "10.0.0.1/24"],
  ])("reads %s", (text, canonical) => {
    const parsed = parseCidr(text);
    expect(parsed && formatCidr(parsed)).toBe(canonical);
  });

  test.each([
    "10.0.0.2",
    "10.0.0.2/",
    "10.0.0.2/33",
    "10.0.0.2/024",
    "10.0.0.2/-1",
    "10.0.0.2/24/1",
    "/24",
    "::/129",
    "::ffff:10.0.0.1/95",
    "10.0.0.2/24 ",
    "10.0.0.2/255.255.255.0",
  ])("refuses %j", (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });
});

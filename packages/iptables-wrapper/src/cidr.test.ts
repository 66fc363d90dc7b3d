import fc from "fast-check";
import { expect, test } from "vitest";
import { normaliseCidr } from "./cidr.ts";

test.each([
  ["10.0.0.2/24", "10.0.0.0/24"],
  ["10.0.0.2", "10.0.0.2/32"],
  ["10.129.3.4/9", "10.128.0.0/9"],
  ["10.1.2.3/0", "0.0.0.0/0"],
  ["fd00::1/64", "fd00:0:0:0:0:0:0:0/64"],
  ["FD00:0:0::1", "fd00:0:0:0:0:0:0:1/128"],
  ["::", "0:0:0:0:0:0:0:0/128"],
  ["::ffff:10.0.0.1/120", "0:0:0:0:0:ffff:a00:0/120"],
  ["fd00::8fff/113", "fd00:0:0:0:0:0:0:8000/113"],
])("%s is %s", (text, expected) => {
  expect(normaliseCidr(text)).toBe(expected);
});

test.each(["localhost", "10.0.0", "10.0.0.300", "10.0.0.1/255.0.0.0", "", "1:2:3", "a::b::c::d"])(
  "%j is neither and stays as it is",
  (text) => {
    expect(normaliseCidr(text)).toBe(text);
  },
);

test("a network stays what it is, and all its addresses become it", () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(128), (address, length) => {
      const bits = address.includes(":") ? 128 : 32;
      const network = normaliseCidr(`${address}/${length % (bits + 1)}`);
      expect(normaliseCidr(network)).toBe(network);
      expect(network).toMatch(new RegExp(`/${length % (bits + 1)}$`));
    }),
  );
});

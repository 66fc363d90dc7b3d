import { encodeAttributes, joined, text, u32 } from "@cni-chain/netlink";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { TcChange } from "./change.ts";
import { protocolName, protocolNumber } from "./netlink-numbers.ts";
import { parseFilter, parseQdisc } from "./parse-netlink.ts";
import { changeRequest } from "./render-netlink.ts";
import { tbfDifferences } from "./tbf-difference.ts";
import { bytes, bytesPerSecond } from "./units.ts";

/** The kernel answers in the form in which it was told. */
const asTold = (change: TcChange) => changeRequest(change, () => 9).body;
const redirect = asTold({ do: "addRedirect", device: "a", preference: 3, target: "b" });

test("a tbf comes back as it was set", () => {
  // Above that, the kernel counts the time anew, at the rate of 64 bits.
  const rate = fc.integer({ min: 1, max: 0xffff_ffff });
  const size = fc.integer({ min: 1500, max: 2 ** 32 - 1 });
  fc.assert(
    fc.property(rate, size, size, (rate, burst, limit) => {
      const tbf = {
        kind: "tbf",
        handle: "1:",
        rate: bytesPerSecond(rate),
        burst: bytes(burst),
        limit: bytes(limit),
      } as const;
      const found = parseQdisc(asTold({ do: "setRootTbf", device: "a", tbf }));
      expect(found).toMatchObject({ kind: "tbf", handle: "1:", root: true });
      if (found.kind === "tbf") expect(tbfDifferences(tbf, found)).toEqual([]);
    }),
  );
});

test("hooks and what this library does not know", () => {
  expect(parseQdisc(asTold({ do: "addHook", device: "a", kind: "ingress" }))).toEqual({ kind: "ingress" });
  expect(parseQdisc(asTold({ do: "addHook", device: "a", kind: "clsact" }))).toEqual({ kind: "clsact" });
  const header = new Uint8Array([0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0x10, 0x80, 0, 0, 1, 0, 0, 0, 0, 0]);
  expect(parseQdisc(joined([header, encodeAttributes([[1, text("htb")]])]))).toEqual({
    kind: "other",
    type: "htb",
    handle: "8010:",
    root: false,
  });
  expect(() => parseQdisc(joined([header, encodeAttributes([[1, text("tbf")]])]))).toThrow(SyntaxError);
  expect(() => parseQdisc(header)).toThrow(SyntaxError);
});

test("a redirect of every packet", () => {
  const numbered = redirect.slice();
  numbered.set([0x01, 0x28, 0, 0x80], 8);
  expect(parseFilter(numbered)).toEqual({
    kind: "redirect",
    preference: 3,
    protocol: "all",
    handle: "800:2:801",
    matchAll: true,
    targetIndex: 9,
  });
});

test("one that matches something, and one that only mirrors", () => {
  const [some, mirror] = [redirect.slice(), redirect.slice()];
  const lastKey = redirect.length - 16;
  some[lastKey] = 0xff;
  expect(parseFilter(some)).toMatchObject({ matchAll: false });
  const egressRedirect = Buffer.from(mirror).indexOf(Buffer.from([1, 0, 0, 0, 9, 0, 0, 0]));
  mirror[egressRedirect] = 2;
  expect(parseFilter(mirror)).toEqual({ kind: "other", type: "u32", preference: 3, protocol: "all" });
});

test("heads and hash tables are no filters, what is not u32 is another's", () => {
  const header = redirect.subarray(0, 20);
  const of = (type: string, ...more: Parameters<typeof encodeAttributes>[0]) =>
    parseFilter(joined([header, encodeAttributes([[1, text(type)], ...more])]));
  expect(of("u32")).toBeUndefined();
  expect(of("u32", [2, [[4, u32(1)]]])).toBeUndefined();
  expect(of("bpf", [2, []])).toEqual({ kind: "other", type: "bpf", preference: 3, protocol: "all" });
});

test.each([
  ["all", 3],
  ["ip", 0x800],
  ["ipv6", 0x86dd],
  ["[35020]", 0x88cc],
])("protocol %s is %d", (name, number) => {
  expect(protocolName(number)).toBe(name);
  expect(protocolNumber(name)).toBe(number);
});

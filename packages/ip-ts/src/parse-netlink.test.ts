import { encodeAttributes, joined, linkAttribute, linkHeader, text, u32 } from "@cni-chain/netlink";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ipv6Text, parseAddress, parseLink } from "./parse-netlink.ts";

test("reads a veth whose other end is elsewhere", () => {
  const attributes = encodeAttributes([
    [linkAttribute.name, text("veth1")],
    [linkAttribute.mtu, u32(1400)],
    [linkAttribute.txqlen, u32(1000)],
    [linkAttribute.address, new Uint8Array([0x0a, 0, 0xff, 1, 2, 3])],
    [linkAttribute.link, u32(2)],
    [linkAttribute.netnsid, u32(0)],
    [linkAttribute.master, u32(4)],
    [linkAttribute.info, [[1, text("veth")]]],
    [linkAttribute.alias, text("whose")],
  ]);
  expect(parseLink(joined([linkHeader(3, 0x1003), attributes]))).toEqual({
    name: "veth1",
    ifindex: 3,
    kind: "veth",
    flags: ["NO-CARRIER", "BROADCAST", "MULTICAST", "UP"],
    up: true,
    mtu: 1400,
    txqlen: 1000,
    mac: "0a:00:ff:01:02:03",
    alias: "whose",
    masterIndex: 4,
    peerIndex: 2,
    peerNetnsid: 0,
  });
});

test("a link without name or MTU is none", () => {
  expect(() => parseLink(joined([linkHeader(3), encodeAttributes([[3, text("a")]])]))).toThrow(SyntaxError);
});

test("of a point-to-point link, the address is the local one; other families are left out", () => {
  const [peer, local] = [new Uint8Array([10, 0, 0, 1]), new Uint8Array([10, 0, 0, 2])];
  const attributes = encodeAttributes([
    [1, peer],
    [2, local],
  ]);
  const body = joined([new Uint8Array([2, 32, 0, 253, 7, 0, 0, 0]), attributes]);
  expect(parseAddress(body)).toEqual({
    ifindex: 7,
    address: { family: "inet", address: "10.0.0.2", prefixLength: 32, scope: "link" },
  });
  body[0] = 28;
  expect(parseAddress(body)).toBeUndefined();
});

test.each([
  ["00000000000000000000000000000000", "::"],
  ["00000000000000000000000000000001", "::1"],
  ["fe800000000000000000000000000000", "fe80::"],
  ["20010db8000000000001000000000001", "2001:db8::1:0:0:1"],
  ["20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"],
  ["00000000000000000000ffffc0000201", "::ffff:192.0.2.1"],
])("%s is %s", (hex, expected) => {
  expect(ipv6Text(Buffer.from(hex, "hex"))).toBe(expected);
});

test("writes IPv6 addresses as the URL standard does", () => {
  const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      // There alone IPv4 is not set apart.
      fc.pre(!(groups.slice(0, 5).every((value) => value === 0) && groups[5] === 0xffff));
      const bytes = new Uint8Array(groups.flatMap((value) => [value >> 8, value & 0xff]));
      const plain = groups.map((value) => value.toString(16)).join(":");
      expect(`[${ipv6Text(bytes)}]`).toBe(new URL(`http://[${plain}]/`).hostname);
    }),
  );
});

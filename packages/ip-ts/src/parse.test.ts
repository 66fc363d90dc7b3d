import { expect, test } from "vitest";
import { parseAddresses, parseLinks, parseRouteDevice } from "./parse.ts";

const veth = `{"ifindex":2,"link_index":7,"ifname":"veth0","flags":["BROADCAST","UP","LOWER_UP"],"mtu":1400,"txqlen":1000,"address":"26:a1:7f:7e:40:a3","link_netnsid":0,"master":"br0","ifalias":"a","linkinfo":{"info_kind":"veth"}}`;
const read = {
  name: "veth0",
  ifindex: 2,
  kind: "veth",
  flags: ["BROADCAST", "UP", "LOWER_UP"],
  up: true,
  mtu: 1400,
  txqlen: 1000,
  mac: "26:a1:7f:7e:40:a3",
  master: "br0",
  alias: "a",
  peer: { where: "elsewhere", ifindex: 7, netnsid: 0 },
};

test("reads a veth, and several documents of a batch", () => {
  expect(parseLinks(`[${veth}]\n`)).toEqual([read]);
  expect(parseLinks(`[${veth}]\n\n[{},${veth}]\n`)).toEqual([read, read]);
});

test("reads what is missing as missing", () => {
  expect(parseLinks(`[{"ifindex":3,"ifname":"ifb0","flags":[],"mtu":1500,"link":"peer"}]`)).toEqual([
    {
      ...read,
      name: "ifb0",
      ifindex: 3,
      kind: undefined,
      flags: [],
      up: false,
      mtu: 1500,
      txqlen: 0,
      mac: undefined,
      master: undefined,
      alias: undefined,
      peer: { where: "here", name: "peer" },
    },
  ]);
});

test("reads addresses of both families", () => {
  const info = `[{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host"},{"family":"inet6","local":"::1","prefixlen":128,"scope":"host"},{"family":"mpls"}]`;
  const [link] = parseAddresses(
    `[{"ifindex":1,"ifname":"lo","flags":["UP"],"mtu":65536,"addr_info":${info}}]`,
  );
  expect(link?.addresses).toEqual([
    { family: "inet", address: "127.0.0.1", prefixLength: 8, scope: "host" },
    { family: "inet6", address: "::1", prefixLength: 128, scope: "host" },
  ]);
});

test("reads the device of a route", () => {
  expect(parseRouteDevice(`[{"dst":"10.9.0.2","dev":"veth0","flags":[]}]`)).toBe("veth0");
  expect(parseRouteDevice("[]")).toBeUndefined();
});

test.each(["", "{}", "oops", `[{"ifname":"x"}]`])("%j is no link", (text) => {
  if (text === "") expect(parseLinks(text)).toEqual([]);
  else expect(() => parseLinks(text)).toThrow(SyntaxError);
});

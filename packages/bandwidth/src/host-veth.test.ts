import type { Link } from "@cni-chain/ip-ts";
import { expect, test } from "vitest";
import { hostInterfaces, otherEnd } from "./host-veth.ts";

function veth(name: string, ifindex: number, peer: number): Link {
  return {
    name,
    ifindex,
    kind: "veth",
    flags: ["UP"],
    up: true,
    mtu: 1500,
    txqlen: 1000,
    mac: undefined,
    master: undefined,
    alias: undefined,
    peer: { where: "elsewhere", ifindex: peer, netnsid: 0 },
  };
}

test("the host's interfaces are those without sandbox", () => {
  const interfaces = [
    { name: "br0" },
    { name: "v", sandbox: "" },
    { name: "eth0", sandbox: "/n" },
    { name: "br0" },
  ];
  expect(hostInterfaces({ interfaces, ips: [], routes: [] })).toEqual(["br0", "v"]);
  expect(hostInterfaces(undefined)).toEqual([]);
});

test("takes the link that points back, not one that has the index by chance", () => {
  const eth0 = veth("eth0", 2, 7);
  const chance = veth("veth7", 7, 9);
  expect(otherEnd(eth0, [veth("veth6", 6, 2), chance])).toBeUndefined();
  expect(otherEnd(eth0, [{ ...veth("br0", 7, 2), kind: "bridge" }])).toBeUndefined();
  expect(otherEnd(eth0, [veth("veth7", 7, 2)])?.name).toBe("veth7");
  expect(otherEnd({ ...eth0, kind: "macvlan" }, [veth("veth7", 7, 2)])).toBeUndefined();
});

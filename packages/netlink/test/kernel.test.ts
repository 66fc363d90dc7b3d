import { type PrivateNode, privateNode } from "@cni-chain/e2e/lib/private-node.ts";
import {
  deviceTo,
  exchangeOver,
  hasNfChain,
  NetlinkError,
  nfTableNames,
  type OpenSocket,
} from "@cni-chain/netlink";
import { afterEach, beforeEach, expect, test } from "vitest";
import { homeSockets } from "./home-sockets.ts";

let node: PrivateNode;
let open: OpenSocket;
beforeEach(async () => {
  node = await privateNode();
  open = await homeSockets(node);
});
afterEach(() => node[Symbol.asyncDispose]());

test("the tables and chains of nf_tables are those that nft and iptables-nft have made", async () => {
  const exchange = exchangeOver(open(undefined, "netfilter"));
  const has = (family: "ip" | "ip6", table: string, chain: string) =>
    hasNfChain(exchange, family, table, chain);
  expect(has("ip", "nat", "CNI-HOSTPORT-DNAT")).toBe(false);
  expect([...nfTableNames(exchange)]).toEqual([]);
  await node.run("iptables-nft -t nat -N CNI-HOSTPORT-DNAT");
  await node.run("nft add table ip6 cni_hostport");
  await node.run("nft add table inet other");
  expect([...nfTableNames(exchange)].sort()).toEqual(["ip nat", "ip6 cni_hostport"]);
  expect(has("ip", "nat", "CNI-HOSTPORT-DNAT")).toBe(true);
  expect(has("ip6", "nat", "CNI-HOSTPORT-DNAT")).toBe(false);
  expect(has("ip", "nat", "CNI-HOSTPORT-DNA")).toBe(false);
  expect(has("ip", "raw", "CNI-HOSTPORT-DNAT")).toBe(false);
});

test("what is no answer about a chain is thrown", () => {
  // rtnetlink does not know the message.
  expect(() => hasNfChain(exchangeOver(open()), "ip", "nat", "A")).toThrow(NetlinkError);
});

test("the device to an address is that of the kernel's routing, policies included", async () => {
  const exchange = exchangeOver(open());
  const device = (...address: number[]) => deviceTo(exchange, new Uint8Array(address));
  for (const line of [
    "ip link add veth1 type veth peer name veth2",
    "ip addr add 192.0.2.1/24 dev veth1",
    "ip link set veth1 up",
    "ip link set veth2 up",
    "ip route add blackhole 198.51.100.0/24",
    "ip route add prohibit 198.51.101.0/24",
    "ip route add unreachable 198.51.102.0/24",
    "ip route add throw 198.51.103.0/24",
    "ip route add 203.0.113.0/24 dev veth2 table 7",
  ]) {
    await node.run(line);
  }
  expect(device(192, 0, 2, 9)).toBe("veth1");
  expect(device(192, 0, 2, 1)).toBe("lo");
  for (const third of [100, 101, 102, 103]) expect(device(198, 51, third, 1), String(third)).toBeUndefined();
  expect(device(203, 0, 113, 1)).toBeUndefined();
  await node.run("ip rule add to 203.0.113.0/24 lookup 7");
  expect(device(203, 0, 113, 1)).toBe("veth2");
});

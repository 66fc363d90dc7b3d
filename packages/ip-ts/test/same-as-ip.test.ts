import { type PrivateNode, privateNode } from "@cni-chain/e2e/lib/private-node.ts";
import { homeSockets } from "@cni-chain/netlink/test/home-sockets.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Links, linksByTool } from "../src/index.ts";
import { linksByNetlink } from "../src/netlink-client.ts";

let node: PrivateNode;
let ip: Links;
let netlink: Links;
beforeEach(async () => {
  node = await privateNode();
  await node.run("ip netns add pod");
  [ip, netlink] = [linksByTool(node.runner), linksByNetlink(await homeSockets(node))];
});
afterEach(() => node[Symbol.asyncDispose]());

const alias = `cni-chain host=veth1 ${"x".repeat(255 - 21)}`;

test("an ifb is the same, whoever makes it", async () => {
  const made = async (links: Links, name: string) => {
    await links.change([
      { do: "addIfb", name, mtu: 1400, txqlen: 0 },
      { do: "set", name, alias, up: true },
      { do: "set", name, mtu: 1300, txqlen: 3 },
    ]);
    const [link] = JSON.parse(await node.run(`ip -j -d link show dev ${name}`));
    return { ...link, ifindex: 0, ifname: "", address: "" };
  };
  const expected = await made(ip, "ifb7");
  expect(expected).toMatchObject({ ifalias: alias, mtu: 1300, txqlen: 3, linkinfo: { info_kind: "ifb" } });
  expect(await made(netlink, "ifb8")).toEqual(expected);
});

test("both see the same links and addresses, here and elsewhere", async () => {
  for (const line of [
    "ip link add br0 type bridge",
    "ip link add veth1 mtu 1400 type veth peer name eth0 netns pod",
    "ip link set veth1 master br0 up",
    "ip link add here type veth peer name there",
    "ip link set here alias quoted'",
    "ip link add ifb7 txqueuelen 0 type ifb",
    "ip -n pod addr add 10.1.2.3/24 dev eth0",
    "ip -n pod addr add 10.1.2.4 peer 10.9.9.9/32 dev eth0",
    "ip -n pod addr add fd00::1:0:0:5/64 dev eth0 nodad",
    "ip -n pod link set eth0 up",
    "ip -n pod link set lo up",
  ]) {
    await node.run(line);
  }
  const names = ["lo", "br0", "veth1", "here", "there", "ifb7", "never"];
  const where = { netns: node.netns("pod") };
  const seen = async (links: Links) => ({
    here: await links.observe(names),
    elsewhere: await links.observe(["lo", "eth0", "veth1"], where),
    kinds: await links.ofKinds(["veth", "bridge", "ifb", "vlan"]),
    addresses: await links.change(
      ["lo", "eth0"].map((name) => ({ do: "show", name })),
      where,
    ),
  });
  const byNetlink = await seen(netlink);
  expect([...byNetlink.here.keys()]).toEqual(names.slice(0, -1));
  expect(byNetlink.kinds).toHaveLength(5);
  // `ip` adds this one itself, where the other end of a veth is down; the kernel has no such flag.
  const byIp = JSON.parse(JSON.stringify(plain(await seen(ip))).replaceAll(',"M-DOWN"', ""));
  expect(JSON.parse(JSON.stringify(plain(byNetlink)))).toEqual(byIp);
});

/** Maps as lists, for JSON. */
function plain(seen: Readonly<Record<string, Iterable<unknown>>>): object {
  return Object.fromEntries(Object.entries(seen).map(([key, value]) => [key, [...value]]));
}

test("only netlink finds a veth by its other end, and takes no other pod's that has the same indices", async () => {
  await node.run("ip netns add other");
  await node.run("ip link add veth1 type veth peer name eth0 netns pod");
  await node.run("ip link add veth2 index 77 type veth peer name eth0 index 55 netns other");
  // A pair of two pods: seen from `pod`, its indices are those of veth2 and its other end.
  await node.run("ip -n pod link add eth1 index 55 type veth peer name far index 77 netns other");
  const end = async (links: Links, name: string, netns: string) => {
    const link = (await netlink.observe([name], { netns: node.netns(netns) })).get(name);
    return (await links.otherEnd(link!, node.netns(netns)))?.name;
  };
  expect(await end(netlink, "eth0", "pod")).toBe("veth1");
  expect(await end(netlink, "eth0", "other")).toBe("veth2");
  expect(await end(netlink, "eth1", "pod")).toBeUndefined();
  expect(await end(netlink, "lo", "pod")).toBeUndefined();
  expect(await end(ip, "eth0", "pod")).toBeUndefined();
});

test("deleting many goes on past what is gone, and names what cannot be deleted", async () => {
  for (const links of [ip, netlink]) {
    await node.run("ip link add ifb7 type ifb");
    await node.run("ip link add ifb8 type ifb");
    await links.deleteAll(["never", "ifb7", "ifb8"]);
    expect(await node.run("ip -o link show type ifb")).toBe("");
    await expect(links.deleteAll(["lo", "never"])).rejects.toThrow("lo");
    expect(await links.delete("never")).toBe("absent");
    await expect(links.delete("lo")).rejects.toThrow(/not supported/i);
  }
});

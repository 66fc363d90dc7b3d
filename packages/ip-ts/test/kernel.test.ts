import { writeFileSync } from "node:fs";
import { type PrivateNode, privateNode } from "@cni-chain/e2e/lib/private-node.ts";
import { homeSockets } from "@cni-chain/netlink/test/home-sockets.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Links, linksByTool, netnsState, observeLinks, routeDevice } from "../src/index.ts";
import { linksByNetlink } from "../src/netlink-client.ts";

let node: PrivateNode;
beforeEach(async () => {
  node = await privateNode();
  await node.run("ip netns add pod");
  await node.run("ip link add veth1 mtu 1400 type veth peer name eth0 netns pod");
});
afterEach(() => node[Symbol.asyncDispose]());

describe.each(["ip", "netlink"])("by %s", (by) => {
  let links: Links;
  beforeEach(async () => {
    links = by === "ip" ? linksByTool(node.runner) : linksByNetlink(await homeSockets(node));
    node.ran.length = 0;
  });

  test("sees both ends of a veth point at each other", async () => {
    const [outside, inside] = await Promise.all([
      links.observe(["veth1", "nothere"]),
      links.observe(["eth0"], { netns: node.netns("pod") }),
    ]);
    const [veth1, eth0] = [outside.get("veth1"), inside.get("eth0")];
    expect(veth1).toMatchObject({ kind: "veth", mtu: 1400, up: false });
    expect(veth1?.peer).toMatchObject({ where: "elsewhere", ifindex: eth0?.ifindex });
    expect(eth0?.peer).toMatchObject({ where: "elsewhere", ifindex: veth1?.ifindex });
    expect(outside.has("nothere")).toBe(false);
    expect((await links.ofKinds(["ifb", "veth"])).map(({ name }) => name)).toEqual(["veth1"]);
  });

  test("makes, changes, shows and deletes an ifb", async () => {
    const [seen] = await links.change([
      { do: "addIfb", name: "ifb7", mtu: 1400, txqlen: 0 },
      { do: "set", name: "ifb7", alias: "for a test", up: true },
      { do: "show", name: "ifb7" },
    ]);
    expect(node.ran).toHaveLength(by === "ip" ? 1 : 0);
    expect(seen).toMatchObject({
      name: "ifb7",
      kind: "ifb",
      mtu: 1400,
      txqlen: 0,
      up: true,
      alias: "for a test",
    });
    expect(await links.delete("ifb7")).toBe("deleted");
    expect(await links.delete("ifb7")).toBe("absent");
    await expect(links.change([{ do: "set", name: "ifb7", up: true }])).rejects.toThrow(
      /\((line 1: )?link set dev ifb7 up\)$/,
    );
  });
});

test("asks the kernel's routing", async () => {
  await node.run("ip addr add 192.0.2.1/24 dev veth1");
  await node.run("ip link set veth1 up");
  await node.run("ip route add blackhole 198.51.100.0/24");
  expect(await routeDevice(node.runner, "192.0.2.9")).toBe("veth1");
  expect(await routeDevice(node.runner, "198.51.100.1")).toBeUndefined();
  expect(await routeDevice(node.runner, "203.0.113.1")).toBeUndefined();
  expect(await routeDevice(node.runner, "2001:db8::1")).toBeUndefined();
});

test("tells a namespace from a file that was one, and from nothing", async () => {
  expect(netnsState(node.netns("pod"))).toBe("present");
  expect(netnsState(node.netns("never"))).toBe("missing");
  writeFileSync(node.netns("stale"), "");
  expect(netnsState(node.netns("stale"))).toBe("notANetns");
  await expect(observeLinks(node.runner, ["lo"], { netns: node.netns("stale") })).rejects.toThrow("nsenter");
});

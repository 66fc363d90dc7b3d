import { writeFileSync } from "node:fs";
import type { AttachmentCall, DelCall } from "@cni-chain/core";
import { type PrivateNode, privateNode } from "@cni-chain/e2e/lib/private-node.ts";
import { type Links, linksByTool } from "@cni-chain/ip-ts";
import { linksByNetlink } from "@cni-chain/ip-ts/netlink";
import { homeSockets } from "@cni-chain/netlink/test/home-sockets.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { add, check, del } from "../src/work.ts";

const attachment = { network: "cni-loopback", containerId: "c1", ifname: "lo" };
const warn = () => {};
let node: PrivateNode;
let open: () => Promise<Links>;

beforeEach(async () => {
  node = await privateNode();
  await node.run("ip netns add pod");
});
afterEach(() => node[Symbol.asyncDispose]());

function call(): AttachmentCall<object> {
  return {
    attachment,
    cniVersion: "1.0.0",
    config: {},
    netns: node.netns("pod"),
    prevResult: undefined,
    warn,
  };
}
const delCall = (netns: string | undefined): DelCall => {
  return { attachment, cniVersion: "1.0.0", netns, prevResult: undefined, netConf: {}, warn };
};
const isUp = async () => (await node.run("ip -n pod link show lo")).includes("UP");

describe.each([
  { by: "ip", processes: 1 },
  { by: "netlink", processes: 0 },
])("by $by, in $processes processes", ({ by, processes }) => {
  beforeEach(async () => {
    const links = by === "ip" ? linksByTool(node.runner) : linksByNetlink(await homeSockets(node));
    open = async () => links;
  });

  test("ADD sets lo up, CHECK is content, DEL sets it down", async () => {
    const result = await add(call(), open);
    expect(node.ran).toHaveLength(processes);
    expect(result).toMatchObject({
      interfaces: [{ name: "lo", mac: "00:00:00:00:00:00", sandbox: node.netns("pod") }],
      routes: [],
      dns: {},
    });
    expect(result.ips[0]).toEqual({ address: "127.0.0.1/8", interface: 0 });
    expect(await check(call(), open)).toEqual([]);
    await del(delCall(node.netns("pod")), open);
    expect(await isUp()).toBe(false);
    expect(await check(call(), open)).toContain("lo: expected it up, found it down");
  });

  test("hands a prevResult on as it is", async () => {
    const prevResult = { interfaces: [], ips: [], routes: [], theirs: 1 };
    expect(await add({ ...call(), prevResult }, open)).toBe(prevResult);
    expect(await isUp()).toBe(true);
  });

  test("refuses a lo with an address of the outer world, and leaves it as it was", async () => {
    await node.run("ip -n pod addr add 192.0.2.1/32 dev lo");
    await expect(add(call(), open)).rejects.toThrow("addresses other than loopback ones: 192.0.2.1/32");
    expect(await isUp()).toBe(false);
    await node.run("ip -n pod link set lo up");
    await expect(add(call(), open)).rejects.toThrow("192.0.2.1/32");
    expect(await isUp()).toBe(true);
  });

  test("a lo that the container has renamed: CHECK and ADD say so, and DEL comes to its end", async () => {
    await add(call(), open);
    await node.run("ip -n pod link set lo down");
    await node.run("ip -n pod link set lo name mine");
    expect(await check(call(), open)).toEqual(["lo: expected it up, found no interface of that name"]);
    await expect(add(call(), open)).rejects.toMatchObject({
      code: 100,
      message: `there is no interface lo in ${node.netns("pod")}`,
      details: expect.stringContaining("ip link set NAME name lo"),
    });
    await del(delCall(node.netns("pod")), open);
    // Another that bears the name is as good as any.
    await node.run("ip -n pod link add name lo type bridge");
    await del(delCall(node.netns("pod")), open);
  });

  test("works in a namespace without IPv6", async () => {
    await node.run([
      "ip",
      "netns",
      "exec",
      "pod",
      "sh",
      "-c",
      "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6",
    ]);
    const result = await add(call(), open);
    expect(result.ips).toEqual([{ address: "127.0.0.1/8", interface: 0 }]);
  });

  test("DEL has nothing to do without netns, at a path that is gone, and at a file that is no namespace", async () => {
    await del(delCall(undefined), open);
    await del(delCall(node.netns("never")), open);
    writeFileSync(node.netns("stale"), "");
    await del(delCall(node.netns("stale")), open);
    expect(node.ran).toEqual([]);
  });
});

import type { AttachmentCall, Result } from "@cni-chain/core";
import { type PrivateNode, privateNode } from "@cni-chain/e2e/lib/private-node.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { add, check } from "../src/add.ts";
import { type BandwidthConfig, readConfig } from "../src/config.ts";
import { del } from "../src/del.ts";
import { ifbName } from "../src/names.ts";
import type { Network } from "../src/network.ts";
import { networkBy } from "./network-by.ts";

// Names that others have given: in the results of plugins before this one, and in an ifb's alias.

const attachment = { network: "mynet", containerId: "abc123", ifname: "eth0" };
const ifb = ifbName(attachment);
/** As main plugins for other hardware report them, and what no plugin should. */
const noLinks = ["0000:3b:00.1", "", ".", "..", "a b", "a/b", "à", "sixteen-letters.", "veth1\0", "veth1\n"];

let node: PrivateNode;
beforeEach(async () => {
  node = await privateNode();
  await node.run("ip netns add pod");
  await node.run("ip link add veth1 type veth peer name eth0 netns pod");
  await node.run("ip link set veth1 up");
});
afterEach(() => node[Symbol.asyncDispose]());

function call(names: readonly string[]): AttachmentCall<BandwidthConfig> {
  const read = readConfig({ ingressRate: 8e6, ingressBurst: 8e5, egressRate: 8e6, egressBurst: 8e5 });
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const prevResult: Result = { interfaces: names.map((name) => ({ name })), ips: [], routes: [] };
  return {
    attachment,
    cniVersion: "1.0.0",
    config: read.value,
    netns: node.netns("pod"),
    prevResult,
    warn: () => {},
  };
}

describe.each(["netlink", "tools"] as const)("by %s", (by) => {
  let open: () => Promise<Network>;
  beforeEach(async () => {
    const network = await networkBy(by, node);
    open = async () => network;
  });

  test("a name that no link can have is that of none", async () => {
    const odd = call([...noLinks, "veth1"]);
    await add(odd, open);
    expect(await check(odd, open)).toEqual([]);
    await del({ ...odd, netConf: {} }, open);
    expect(await node.run("ip -o link show type ifb")).toBe("");
  });

  test.each([
    "cni-chain host=a-name-of-more-than-15-letters ifname=eth0 network=mynet container=abc123",
    "cni-chain host=a/b ifname=eth0 network=mynet container=abc123",
    "cni-chain host=lo ifname=eth0 network=mynet container=other",
    "somebody's\u001b[2J",
  ])("an alias that was changed to %j keeps no DEL from its work", async (alias) => {
    await add(call(["veth1"]), open);
    await node.run(["ip", "link", "set", ifb, "alias", alias]);
    await del({ ...call(["veth1"]), netConf: {}, netns: undefined }, open);
    expect(await node.run("ip -o link show type ifb")).toBe("");
    expect(await node.run("tc qdisc show dev veth1")).not.toMatch(/tbf|ingress/);
  });
});

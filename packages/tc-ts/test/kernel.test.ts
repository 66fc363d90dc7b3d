import { type PrivateNode, privateNode } from "@cni-chain/e2e/lib/private-node.ts";
import { homeSockets } from "@cni-chain/netlink/test/home-sockets.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type TrafficControl, tbfDifferences, trafficControlByTool } from "../src/index.ts";
import { trafficControlByNetlink } from "../src/netlink-client.ts";
import { observeOneByOne } from "../src/observe-one-by-one.ts";
import { tbf } from "./tbf.ts";

let node: PrivateNode;
beforeEach(async () => {
  node = await privateNode();
  await node.run("ip link add veth1 type veth peer name veth2");
  await node.run("ip link add ifb1 up type ifb");
});
afterEach(() => node[Symbol.asyncDispose]());

describe.each(["tc", "netlink"])("by %s", (by) => {
  let tc: TrafficControl;
  beforeEach(async () => {
    tc = by === "tc" ? trafficControlByTool(node.runner) : trafficControlByNetlink(await homeSockets(node));
  });

  test.each([
    tbf(1, 1514, 1515),
    tbf(125_000, 12_112, 15_237),
    tbf(1_250_000, 536_870_911, 536_902_161),
    tbf(1000, 4_294_967_294, 4_294_967_295),
    tbf(12_500_000_000, 62_500_000, 375_000_000),
  ])("the kernel shows $rate byte/s, burst $burst as what was asked for", async (wanted) => {
    await tc.change([{ do: "setRootTbf", device: "veth1", tbf: wanted }]);
    await tc.change([{ do: "setRootTbf", device: "veth1", tbf: wanted }]);
    const shaping = (await tc.observe(["veth1"])).get("veth1");
    const found = shaping?.qdiscs.find((qdisc) => qdisc.kind === "tbf");
    expect(found).toMatchObject({ handle: "1:", root: true });
    expect(tbfDifferences(wanted, found ?? tbf(9, 9, 9))).toEqual([]);
  });

  test.each(["ingress", "clsact"] as const)("hooks, redirects and their removal on %s", async (kind) => {
    const device = "veth1";
    await tc.change([
      { do: "addHook", device, kind },
      { do: "addRedirect", device, preference: 1, target: "ifb1" },
      { do: "addRedirect", device, preference: 3, target: "veth2" },
    ]);
    const shapings = await tc.observe(["nothere", device, "ifb1", "gone"]);
    expect([...shapings.keys()]).toEqual([device, "ifb1"]);
    const shaping = shapings.get(device);
    expect(shaping?.qdiscs).toContainEqual({ kind });
    expect(shaping?.filters).toMatchObject([
      { kind: "redirect", preference: 1, protocol: "all", matchAll: true, target: "ifb1" },
      { kind: "redirect", preference: 3, protocol: "all", matchAll: true, target: "veth2" },
    ]);
    const [first, second] = shaping?.filters.filter((filter) => filter.kind === "redirect") ?? [];
    // The way for older releases sees the same.
    expect(await observeOneByOne(node.runner, ["nothere", device, "ifb1"])).toEqual(shapings);
    await node.run("ip link delete ifb1");
    expect((await tc.observe([device])).get(device)?.filters[0]).toMatchObject({ target: undefined });
    await tc.change([
      { do: "deleteRedirect", device, filter: first! },
      { do: "deletePreference", device, filter: { ...second!, type: "u32" } },
    ]);
    expect((await tc.observe([device])).get(device)?.filters).toEqual([]);
    await tc.change([{ do: "deleteHook", device, kind }]);
    expect((await tc.observe([device])).get(device)?.qdiscs).not.toContainEqual({ kind });
  });

  test("what belongs to somebody else is not deleted", async () => {
    await node.run("tc qdisc add dev veth1 clsact");
    await node.run("tc qdisc add dev veth1 root handle 2: tbf rate 1mbit burst 9000 limit 90000");
    for (const wrong of [
      { do: "deleteHook", device: "veth1", kind: "ingress" },
      { do: "deleteRoot", device: "veth1", handle: "1:" },
      { do: "addHook", device: "veth1", kind: "ingress" },
    ] as const) {
      await expect(tc.change([wrong])).rejects.toThrow(/\((line 1: )?qdisc /);
    }
    expect((await tc.observe(["veth1"])).get("veth1")?.qdiscs).toMatchObject([
      { kind: "tbf", handle: "2:" },
      { kind: "clsact" },
    ]);
  });
});

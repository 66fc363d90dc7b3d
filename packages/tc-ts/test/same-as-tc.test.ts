import { type PrivateNode, privateNode } from "@cni-chain/e2e/lib/private-node.ts";
import { homeSockets } from "@cni-chain/netlink/test/home-sockets.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TcChange, type TrafficControl, trafficControlByTool } from "../src/index.ts";
import { trafficControlByNetlink } from "../src/netlink-client.ts";
import { tbf } from "./tbf.ts";

let node: PrivateNode;
let [tool, netlink]: TrafficControl[] = [];
beforeEach(async () => {
  node = await privateNode();
  for (const name of ["va", "vb"]) {
    await node.run(`ip link add ${name} up type veth peer name ${name}0`);
    await node.run(`ip link set ${name}0 up`);
  }
  await node.run("ip link add ifb1 up type ifb");
  [tool, netlink] = [trafficControlByTool(node.runner), trafficControlByNetlink(await homeSockets(node))];
});
afterEach(() => node[Symbol.asyncDispose]());

/** All that tc shows of a device, numbers of the actions aside, which are counted for the whole node. */
async function shown(device: string): Promise<readonly string[]> {
  const lines = await Promise.all([
    node.run(`tc -j -d -r qdisc show dev ${device}`),
    node.run(`tc -d -r filter show dev ${device} ingress`),
  ]);
  return lines.map((text) =>
    text.replaceAll(/\bindex \d+ /g, "").replaceAll(`"dev":"${device}"`, '"dev":"x"'),
  );
}

test.each([
  tbf(1, 1514, 1515),
  tbf(125_000, 12_112, 15_237),
  tbf(1000, 4_294_967_294, 4_294_967_295),
  tbf(0xffff_ffff, 62_500_000, 375_000_000),
  tbf(0x1_0000_0000, 62_500_000, 375_000_000),
  tbf(12_500_000_000, 62_500_000, 375_000_000),
])("a tbf of $rate byte/s, burst $burst, limit $limit", async (wanted) => {
  await tool?.change([{ do: "setRootTbf", device: "va", tbf: wanted }]);
  await netlink?.change([{ do: "setRootTbf", device: "vb", tbf: wanted }]);
  expect(await shown("vb")).toEqual(await shown("va"));
});

test.each(["ingress", "clsact"] as const)("filters on %s, and what is left when some go", async (kind) => {
  const on = (device: string): readonly TcChange[] => [
    { do: "addHook", device, kind },
    { do: "addRedirect", device, preference: 1, target: "ifb1" },
    { do: "addRedirect", device, preference: 2, target: "ifb1" },
  ];
  await tool?.change(on("va"));
  await netlink?.change(on("vb"));
  expect((await shown("vb")).join("")).toContain("mirred (Egress Redirect to device ifb1)");
  expect(await shown("vb")).toEqual(await shown("va"));
  const filter = { preference: 1, protocol: "all", handle: "800::800", type: "u32" };
  for (const [tc, device] of [
    [tool, "va"],
    [netlink, "vb"],
  ] as const) {
    await tc?.change([
      { do: "deleteRedirect", device, filter },
      { do: "deletePreference", device, filter: { ...filter, preference: 2 } },
    ]);
  }
  expect(await shown("vb")).toEqual(await shown("va"));
});

test("both see the same, of links that are up, down, hooked, shaped by others and not there", async () => {
  await node.run("ip link set vb down");
  await node.run("tc qdisc add dev va root handle 7: tbf rate 20gbit burst 900000 limit 9000000");
  await node.run("tc qdisc add dev va clsact");
  await node.run("tc filter add dev va ingress protocol ip prio 3 u32 match ip dst 10.0.0.1/32 flowid 1:7");
  await node.run(
    "tc filter add dev va ingress protocol ipv6 prio 4 u32 match u32 0 0 action mirred egress mirror dev ifb1",
  );
  await node.run(
    "tc filter add dev va ingress protocol 802.1Q prio 5 u32 match ip src 10.0.0.1/32 action mirred egress redirect dev ifb1",
  );
  await node.run("tc qdisc add dev vb0 ingress");
  const devices = ["va", "never", "vb", "vb0", "ifb1", "lo"];
  const [byTool, byNetlink] = [await tool?.observe(devices), await netlink?.observe(devices)];
  expect([...(byNetlink?.keys() ?? [])]).toEqual(["va", "vb", "vb0", "ifb1", "lo"]);
  expect(byNetlink?.get("va")?.filters).toHaveLength(3);
  // tc counts a burst in whole microseconds.
  const rounded = (found: typeof byTool) =>
    JSON.parse(
      JSON.stringify([...(found ?? [])]).replaceAll(
        /"burst":(\d+)/g,
        (_, burst) => `"burst":${Math.round(burst / 5000)}`,
      ),
    );
  expect(rounded(byNetlink)).toEqual(rounded(byTool));
});

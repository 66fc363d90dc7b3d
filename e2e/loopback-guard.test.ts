import { describe, expect, test } from "vitest";
import { callPlugin } from "./lib/binary.ts";
import { pluginEnv } from "./lib/chain.ts";
import type { Place } from "./lib/place.ts";
import { plugin, plugins } from "./lib/plugins.ts";
import { difference, takeSnapshot, withoutShared } from "./lib/snapshot.ts";
import { mapping, portmap, Stage } from "./lib/stage.ts";
import { iptablesVariants } from "./lib/tools.ts";
import { ask, serve } from "./lib/traffic.ts";

// route_localnet, which a hostPort on the node's own 127.0.0.1 needs, must not let pods at the node's loopback.

/** Lets a pod send packets for 127.0.0.0/8 to the node instead of to itself. */
async function turnLoopbackOutward(pod: Place, gateway: string): Promise<void> {
  await pod.sysctl({ "ipv4/conf/all/route_localnet": 1, "ipv4/conf/eth0/route_localnet": 1 });
  // Its lo is down, so that nothing is local to it yet.
  await pod.ip(`route add 127.0.0.0/8 via ${gateway} dev eth0`);
}

/** Counts what arrives for the node's loopback by any other way than its own. */
async function countArrivals(node: Place): Promise<() => Promise<number>> {
  await node.run([
    "iptables",
    "-I",
    "INPUT",
    "!",
    "-i",
    "lo",
    "-d",
    "127.0.0.1",
    "-p",
    "udp",
    "--dport",
    "7777",
  ]);
  return async () =>
    Number((await node.run(["iptables", "-nvxL", "INPUT"])).split("\n")[2]?.trim().split(/\s+/)[0]);
}

describe.each(iptablesVariants)("iptables-%s", (iptables) => {
  test("a pod that sends packets for 127.0.0.1 to the node reaches nothing there", async () => {
    await using stage = await Stage.set({ iptables, base: { mode: "bridge" } });
    const { node } = stage;
    const web = await stage.add("web", { portMappings: [mapping(8080, 80)] });
    await serve(web.pod, "web", 80);
    const gateway = (await web.pod.run(["ip", "route", "show", "default"])).split(" ")[2] ?? "";
    await turnLoopbackOutward(web.pod, gateway);
    const arrived = await countArrivals(node);
    const attack = () => ask(web.pod, "127.0.0.1", 7777, { protocol: "udp", timeoutMs: 200 });
    await attack();
    expect(await arrived()).toBe(0);
    expect(await ask(node, "127.0.0.1", 8080)).toMatchObject({ server: "web" });
    // The same packets do arrive where nothing guards: the test can fail.
    await node.run(["iptables", "-t", "raw", "-F", "CNI-HOSTPORT-LOCAL"]);
    await attack();
    expect(await arrived()).toBeGreaterThan(0);
  });

  test("the last DEL on a bridge closes what the first ADD opened", async () => {
    await using stage = await Stage.set({ iptables, base: { mode: "bridge" } });
    const first = await stage.add("first", { portMappings: [mapping(8080, 80)] });
    const bridge = /dev (\S+)/.exec(await stage.node.run(["ip", "route", "get", address(first.result)]))?.[1];
    const isOpen = async () =>
      (await stage.node.run(["cat", `/proc/sys/net/ipv4/conf/${bridge}/route_localnet`])).trim() === "1";
    const otherNetwork = stage.chainOf({ base: { mode: "bridge" } }, "other");
    const second = await stage.add("second", { portMappings: [mapping(8081, 80)] }, otherNetwork);
    expect(await isOpen()).toBe(true);
    await stage.chain.del(first.attachment);
    expect(await isOpen()).toBe(true);
    await serve(second.pod, "second", 80);
    expect(await ask(stage.node, "127.0.0.1", 8081)).toMatchObject({ server: "second" });
    await otherNetwork.del(second.attachment);
    expect(await isOpen()).toBe(false);
    expect(await stage.node.run(["iptables", "-t", "raw", "-S", "CNI-HOSTPORT-LOCAL"])).not.toContain(
      `-i ${bridge}`,
    );
  });
});

test("without snat nothing is opened", async () => {
  await using stage = await Stage.set({ chained: [portmap({ snat: false })] });
  await stage.add("web", { portMappings: [mapping(8080, 80)] });
  const opened = await stage.node.run([
    "sh",
    "-c",
    "grep -l 1 /proc/sys/net/ipv4/conf/*/route_localnet || true",
  ]);
  expect(opened).toBe("");
});

test.each([
  ["iptables", "cni\u0001"],
  ["nftables", "cni\u0001"],
  ["nftables", 'cni"0'],
])(
  "with %s a bridge called %j, which no rule can name, is refused, and nothing is left",
  async (backend, bridge) => {
    await using stage = await Stage.set({ chained: [] });
    const pod = await stage.node.addPod("web");
    await stage.node.run(["ip", "link", "add", bridge, "type", "bridge"]);
    await stage.node.run(["ip", "address", "add", "10.99.0.1/24", "dev", bridge]);
    await stage.node.run(["ip", "link", "set", bridge, "up"]);
    const before = withoutShared(await takeSnapshot(stage.node));
    const attachment = { containerId: "web", ifname: "eth0", netns: pod.netns };
    const answer = await callPlugin(stage.node, {
      binary: plugin("portmap"),
      env: pluginEnv("ADD", attachment, plugins),
      stdin: {
        cniVersion: "1.0.0",
        name: "net",
        type: "portmap",
        backend,
        prevResult: { cniVersion: "1.0.0", ips: [{ address: "10.99.0.2/24" }, { address: "fd00:99::2/64" }] },
        runtimeConfig: { portMappings: [mapping(8080, 80)] },
      },
    });
    expect(answer.exitCode).toBe(1);
    expect(answer.json).toMatchObject({
      code: 100,
      msg: expect.stringContaining(JSON.stringify(bridge)),
      details: expect.stringContaining("snat to false"),
    });
    expect(answer.stderr).toBe("");
    expect(difference(before, withoutShared(await takeSnapshot(stage.node)))).toEqual([]);
  },
);

function address(result: { readonly ips?: readonly { readonly address: string }[] }): string {
  const v4 = result.ips?.find((ip) => !ip.address.includes(":"))?.address ?? "";
  return v4.replace(/\/\d+$/, "");
}

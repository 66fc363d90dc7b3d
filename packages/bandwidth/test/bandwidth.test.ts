import type { AttachmentCall, DelCall, Result } from "@cni-chain/core";
import { type PrivateNode, privateNode } from "@cni-chain/e2e/lib/private-node.ts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { add, check } from "../src/add.ts";
import { type BandwidthConfig, readConfig } from "../src/config.ts";
import { del } from "../src/del.ts";
import { ifbName } from "../src/names.ts";
import type { Network } from "../src/network.ts";
import { networkBy } from "./network-by.ts";

const attachment = { network: "mynet", containerId: "abc123", ifname: "eth0" };
const ifb = ifbName(attachment);
let node: PrivateNode;
let network: Network;
const open = async () => network;
let warnings: string[];

beforeEach(async () => {
  warnings = [];
  node = await privateNode();
  await node.run("ip netns add pod");
  await node.run("ip link add br0 type bridge");
  await node.run("ip link add veth1 mtu 1400 type veth peer name eth0 netns pod");
  await node.run("ip link set veth1 master br0 up");
});
afterEach(() => node[Symbol.asyncDispose]());

const previous: Result = {
  interfaces: [
    { name: "br0", mac: "00:00:00:00:00:01" },
    { name: "veth1" },
    { name: "eth0", sandbox: "/run/netns/pod" },
  ],
  ips: [{ address: "10.0.0.2/24", interface: 2 }],
  routes: [],
  theirs: { kept: true },
};
const both = {
  ingressRate: 8_000_000,
  ingressBurst: 800_000,
  egressRate: 16_000_000,
  egressBurst: 1_600_000,
};

function config(fields: Record<string, number | string>): BandwidthConfig {
  const read = readConfig(fields);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
}

function call(fields: Record<string, number | string> = both): AttachmentCall<BandwidthConfig> {
  return {
    attachment,
    cniVersion: "1.0.0",
    config: config(fields),
    netns: node.netns("pod"),
    prevResult: previous,
    warn: (message) => warnings.push(message),
  };
}

function delCall(hints: Partial<Pick<DelCall, "netns" | "prevResult">> = {}): DelCall {
  const warn = (message: string) => void warnings.push(message);
  return {
    attachment,
    cniVersion: "1.0.0",
    netns: undefined,
    prevResult: undefined,
    netConf: {},
    warn,
    ...hints,
  };
}

/** What tc and ip show, without numbers that differ from run to run. */
async function snapshot(): Promise<string> {
  const shown = await Promise.all([
    node.run("tc qdisc show"),
    node.run("tc filter show dev veth1 ingress"),
    node.run("ip -o link show type ifb"),
  ]);
  return shown.join("\n").replaceAll(/ index \d+ /g, " ");
}

describe.each([
  { by: "tools", processes: 5 },
  { by: "netlink", processes: 0 },
] as const)("by $by, in $processes processes", ({ by, processes }) => {
  beforeEach(async () => {
    network = await networkBy(by, node);
  });

  test("limits both directions and reports the ifb", async () => {
    const result = await add(call(), open);
    expect(node.ran).toHaveLength(processes);
    const mac = (await node.run(`ip -o link show dev ${ifb}`)).match(/link\/ether (\S+)/)?.[1];
    expect(result).toEqual({ ...previous, interfaces: [...previous.interfaces, { name: ifb, mac }] });
    const shown = await snapshot();
    expect(shown).toContain("qdisc tbf 1: dev veth1 root refcnt 3 rate 8Mbit burst 100000b lat 25ms");
    expect(shown).toMatch(
      new RegExp(`qdisc tbf 1: dev ${ifb} root refcnt \\d rate 16Mbit burst 200000b lat 25ms`),
    );
    expect(shown).toContain(`mirred (Egress Redirect to device ${ifb})`);
    expect(shown).toMatch(new RegExp(`${ifb}: <.*UP.*mtu 1400 `));
    expect(await node.run(`ip link show dev ${ifb}`)).toContain(
      "alias cni-chain host=veth1 ifname=eth0 network=mynet container=abc123",
    );
    expect(await check(call(), open)).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test.each([
    ["not at all", []],
    ["with the container's sandbox", [{ name: "veth1", sandbox: "/run/netns/pod" }]],
  ])("a host's end that is listed %s is found by netlink, and by tools told of", async (_, listed) => {
    const unlisted = { ...call(), prevResult: { ...previous, interfaces: listed } };
    if (by === "tools") {
      await expect(add(unlisted, open)).rejects.toThrow(/host's end of eth0 is neither among/);
      return;
    }
    await add(unlisted, open);
    const shown = await snapshot();
    expect(shown).toContain("qdisc tbf 1: dev veth1 root refcnt 3 rate 8Mbit");
    expect(shown).toContain(`mirred (Egress Redirect to device ${ifb})`);
    expect(await check(unlisted, open)).toEqual([]);
    await del(delCall({ netns: node.netns("pod"), prevResult: unlisted.prevResult }), open);
    expect(await snapshot()).not.toMatch(/tbf|ingress|ifb/);
  });

  test("without limits starts no process", async () => {
    expect(await add(call({ ingressRate: 0, ingressBurst: 0 }), open)).toBe(previous);
    expect(node.ran).toEqual([]);
  });

  test("a second ADD replaces the limits of the first, and only one filter is there", async () => {
    const first = await add(call(), open);
    const other = { ...both, egressRate: 80_000_000, ingressRate: 800_000 };
    const again = await add({ ...call(other), prevResult: first }, open);
    expect(again).toEqual(first);
    expect(await check(call(other), open)).toEqual([]);
    expect((await snapshot()).match(/mirred/g)).toHaveLength(1);
  });

  test("uses a clsact of somebody else and leaves it and its filters at DEL", async () => {
    await node.run("tc qdisc add dev veth1 clsact");
    await node.run("tc filter add dev veth1 ingress protocol ip prio 1 u32 match u32 0 0 flowid 1:7");
    const before = await snapshot();
    await add(call(), open);
    expect(await check(call(), open)).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("u32 at preference 1")]);
    await del(delCall({ netns: node.netns("pod"), prevResult: previous }), open);
    expect(await snapshot()).toBe(before);
  });

  describe("DEL leaves the node as it was", () => {
    const cases: [string, () => DelCall][] = [
      ["with netns and prevResult", () => delCall({ netns: node.netns("pod"), prevResult: previous })],
      ["with netns alone", () => delCall({ netns: node.netns("pod") })],
      ["with prevResult alone", () => delCall({ prevResult: previous })],
    ];
    test.each(cases)("%s", async (_name, made) => {
      const before = await snapshot();
      await add(call({ egressRate: 8_000_000, egressBurst: 800_000 }), open);
      await del(made(), open);
      expect(await snapshot()).toBe(before);
      await del(made(), open);
    });

    test("with a limit of ingress alone", async () => {
      const before = await snapshot();
      await add(call({ ingressRate: 8_000_000, ingressBurst: 800_000 }), open);
      expect(await snapshot()).not.toBe(before);
      await del(delCall({ netns: node.netns("pod"), prevResult: previous }), open);
      expect(await snapshot()).toBe(before);
    });

    test("and another pod, whose namespace has got the path, as it is", async () => {
      await add(call(), open);
      const before = await snapshot();
      const stale = delCall({
        netns: node.netns("pod"),
        prevResult: { ...previous, interfaces: [{ name: "br0" }] },
      });
      await del({ ...stale, attachment: { ...attachment, containerId: "gone" } }, open);
      expect(await snapshot()).toBe(before);
    });

    test("told nothing but names, by the ifb's alias", async () => {
      const before = await snapshot();
      await add(call(), open);
      await del(delCall(), open);
      expect(await snapshot()).toBe(before);
      await del(delCall(), open);
    });

    test("after the pod has gone", async () => {
      await add(call(), open);
      const netns = node.netns("pod");
      await node.run("ip link delete veth1");
      await node.run("ip netns delete pod");
      await del(delCall({ netns, prevResult: previous }), open);
      expect(await node.run("ip -o link show type ifb")).toBe("");
    });
  });

  test("does not touch a tbf of somebody else's, at ADD or DEL", async () => {
    await node.run("tc qdisc add dev veth1 root handle 7: tbf rate 1mbit burst 9000 limit 90000");
    const before = await snapshot();
    await expect(add(call(), open)).rejects.toThrow(
      "veth1 already has a root qdisc that somebody else has set: tbf 7:",
    );
    expect(await snapshot()).toBe(before);
    await del(delCall({ netns: node.netns("pod"), prevResult: previous }), open);
    expect(await snapshot()).toBe(before);
  });

  test("a failing batch is taken back, also where limits were there before", async () => {
    for (const earlier of [undefined, both]) {
      if (earlier !== undefined) await add(call(earlier), open);
      const before = await snapshot();
      let failed = false;
      const spoiling: Network = {
        ...network,
        tc: {
          ...network.tc,
          change(changes) {
            if (failed) return network.tc.change(changes);
            failed = true;
            return network.tc.change([...changes, { do: "addHook", device: "nothere", kind: "ingress" }]);
          },
        },
      };
      const slower = { ...both, ingressRate: 4_000_000, egressRate: 4_000_000 };
      await expect(add(call(slower), async () => spoiling)).rejects.toThrow("nothere");
      expect(failed).toBe(true);
      expect(await snapshot()).toBe(before);
    }
    expect(warnings).toEqual([]);
  });

  test("CHECK names every difference with what is expected and found", async () => {
    await add(call(), open);
    await node.run(`ip link set ${ifb} down mtu 1300`);
    await node.run("tc qdisc replace dev veth1 root handle 1: tbf rate 2000000bps burst 50000 limit 60000");
    await node.run("tc qdisc delete dev veth1 ingress");
    expect(await check(call(), open)).toEqual([
      "veth1: rate of the tbf: expected 1000000 byte/s, found 2000000",
      "veth1: burst of the tbf: expected 100000 bytes, found 50000",
      "veth1: limit of the tbf: expected 125000 bytes, found 60000",
      "veth1: expected an ingress qdisc (or clsact), found none",
      `${ifb}: expected it up, found it down`,
      `${ifb}: MTU: expected 1400 (the host veth's), found 1300`,
    ]);
    await node.run(`ip link delete ${ifb}`);
    expect(await check(call(), open)).toContain(`${ifb}: expected an ifb of this name, found none`);
  });

  test("refuses an interface that is no veth, and a missing one, by name", async () => {
    await node.run("ip netns exec pod ip link delete eth0");
    await expect(add(call(), open)).rejects.toThrow("there is no interface eth0");
    await node.run("ip netns exec pod ip link add eth0 type ifb");
    await expect(add(call(), open)).rejects.toThrow("is of kind ifb, not veth");
  });
});

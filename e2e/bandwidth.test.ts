import { describe, expect, test } from "vitest";
import { addBase, hostVeth } from "./lib/base-plugin.ts";
import { callPlugin } from "./lib/binary.ts";
import { pluginConf, pluginEnv } from "./lib/chain.ts";
import type { Attachment, ResultDocument } from "./lib/cni.ts";
import { plugin, plugins } from "./lib/plugins.ts";
import { difference, takeSnapshot } from "./lib/snapshot.ts";
import { type Added, bandwidth, Stage } from "./lib/stage.ts";
import { measure, type Throughput } from "./lib/traffic.ts";

const mbit = 1_000_000;
const seconds = 3;
const port = 5201;

const set = () => Stage.set({ base: { mode: "ptp" }, chained: [bandwidth()] });

type Way = (stage: Stage, pod: Added, until: number) => Promise<Throughput>;

const into: Way = ({ uplink }, { pod, result }, until) =>
  measure(
    uplink.host,
    { place: pod, listen: port },
    { host: result.ips?.[0]?.address.split("/")[0] ?? "", port },
    { seconds, until },
  );

const outOf: Way = ({ uplink }, { pod }, until) =>
  measure(pod, { place: uplink.host, listen: port }, { host: uplink.host4, port }, { seconds, until });

/** Never more than the limit, counted from the first byte; and as much as that once the machine has time for it. */
async function expectLimit(way: Way, stage: Stage, pod: Added, limit: number): Promise<void> {
  const { mean, best } = await way(stage, pod, 0.85 * limit);
  expect(mean / limit).toBeLessThan(1.1);
  expect(best / limit).toBeGreaterThan(0.85);
}

/** What containerd passes for a burst, which Kubernetes' annotations do not have. */
const noBurst = 4_294_967_295;

describe("throughput of a TCP stream", () => {
  test("keeps to each direction's own limit", async () => {
    await using stage = await set();
    const pod = await stage.add("web", {
      bandwidth: {
        ingressRate: 10 * mbit,
        ingressBurst: mbit,
        egressRate: 20 * mbit,
        egressBurst: 2 * mbit,
      },
    });
    await expectLimit(into, stage, pod, 10 * mbit);
    await expectLimit(outOf, stage, pod, 20 * mbit);
  });

  test("keeps to the limit from the first byte on when Kubernetes names no burst", async () => {
    await using stage = await set();
    const pod = await stage.add("web", {
      bandwidth: {
        IngressRate: 10 * mbit,
        IngressBurst: noBurst,
        EgressRate: 10 * mbit,
        EgressBurst: noBurst,
      },
    });
    await expectLimit(into, stage, pod, 10 * mbit);
    await expectLimit(outOf, stage, pod, 10 * mbit);
  });

  test("is free in the direction that has no limit", async () => {
    await using stage = await set();
    const ingressOnly = await stage.add("in", {
      bandwidth: { ingressRate: 10 * mbit, ingressBurst: mbit, egressRate: 0, egressBurst: 0 },
    });
    await expectLimit(into, stage, ingressOnly, 10 * mbit);
    const { best } = await outOf(stage, ingressOnly, 100 * mbit);
    expect(best).toBeGreaterThan(100 * mbit);
    expect(await stage.node.run(["ip", "-o", "link"])).not.toContain("bwp");
  });

  test("of 1 Gbit/s is not held back by small bursts", async () => {
    await using stage = await set();
    const pod = await stage.add("web", {
      bandwidth: { ingressRate: 1000 * mbit, ingressBurst: noBurst },
    });
    const free = await outOf(stage, pod, 1000 * mbit);
    const enough = 0.8 * Math.min(1000 * mbit, free.best);
    const { mean, best } = await into(stage, pod, enough);
    expect(mean).toBeLessThan(1100 * mbit);
    expect(best).toBeGreaterThan(enough);
  });
});

/** ADD of bandwidth without the rest of the chain. */
function addAlone(stage: Stage, attachment: Attachment, prevResult: ResultDocument) {
  return callPlugin(stage.node, {
    binary: plugin("bandwidth"),
    env: pluginEnv("ADD", attachment, plugins),
    stdin: pluginConf(stage.chain.conf, bandwidth(), attachment, prevResult),
  });
}

describe.concurrent("the qdiscs of a pod", () => {
  const limits = {
    bandwidth: { ingressRate: 8 * mbit, ingressBurst: mbit, egressRate: 8 * mbit, egressBurst: mbit },
  };

  test("carry rate and burst as bytes, with 25 ms of latency", async () => {
    await using stage = await set();
    const pod = await stage.add("web", limits);
    const shown = await stage.node.run(["tc", "qdisc", "show", "dev", hostVeth(pod.attachment)]);
    expect(shown).toMatch(/tbf 1: root .*rate 8Mbit burst (125000b|125Kb) lat 25ms/);
    expect(shown).toContain("qdisc ingress ffff:");
  });

  test("are made again by a second ADD as if it were the first", async () => {
    await using stage = await set();
    const { attachment, result } = await stage.add("web", limits);
    const first = await takeSnapshot(stage.node);
    const interfaces = result.interfaces?.filter(({ name }) => !name.startsWith("bwp")) ?? [];
    const answer = await addAlone(stage, attachment, { ...result, interfaces });
    expect(answer.exitCode, answer.stdout).toBe(0);
    expect(
      difference(first, await takeSnapshot(stage.node)).filter((line) => !line.includes("link/ether")),
    ).toEqual([]);
    await stage.chain.check(attachment);
  });

  test.for([
    [
      "a changed rate",
      (dev: string) => [
        "tc",
        "qdisc",
        "change",
        "dev",
        dev,
        "root",
        "tbf",
        "rate",
        "9mbit",
        "burst",
        "125000",
        "latency",
        "25ms",
      ],
    ],
    ["a missing root qdisc", (dev: string) => ["tc", "qdisc", "del", "dev", dev, "root"]],
    ["a missing ingress qdisc", (dev: string) => ["tc", "qdisc", "del", "dev", dev, "ingress"]],
    [
      "a missing filter",
      (dev: string) => ["tc", "filter", "del", "dev", dev, "parent", "ffff:", "prio", "1"],
    ],
  ] as const)("CHECK notices %s", async ([_, tamper]) => {
    await using stage = await set();
    const { attachment } = await stage.add("web", limits);
    await stage.chain.check(attachment);
    await stage.node.run(tamper(hostVeth(attachment)));
    await expect(stage.chain.check(attachment)).rejects.toMatchObject({
      plugin: "bandwidth",
      document: { code: 101 },
    });
  });

  test("CHECK notices a missing ifb", async () => {
    await using stage = await set();
    const { attachment, result } = await stage.add("web", limits);
    await stage.node.run(["ip", "link", "delete", result.interfaces?.at(-1)?.name ?? ""]);
    await expect(stage.chain.check(attachment)).rejects.toMatchObject({ document: { code: 101 } });
  });

  test("stand beside the clsact qdisc of somebody else, as eBPF agents have one", async () => {
    await using stage = await set();
    const pod = await stage.node.addPod("web");
    const attachment = { containerId: "web", ifname: "eth0", netns: pod.netns, capabilityArgs: limits };
    const prevResult = await addBase(stage.node, { type: "base", mode: "ptp" }, attachment, "1.1.0");
    await stage.node.run(["tc", "qdisc", "add", "dev", hostVeth(attachment), "clsact"]);
    const answer = await addAlone(stage, attachment, prevResult);
    expect(answer.exitCode, answer.stdout).toBe(0);
    expect(await stage.node.run(["tc", "qdisc", "show", "dev", hostVeth(attachment)])).toContain("clsact");
    const result = answer.json as Added["result"];
    await expectLimit(outOf, stage, { pod, attachment, result }, 8 * mbit);
  });
});

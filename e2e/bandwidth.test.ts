import { describe, expect, test } from "vitest";
import { addBase, hostVeth } from "./lib/base-plugin.ts";
import { callPlugin } from "./lib/binary.ts";
import { pluginConf, pluginEnv } from "./lib/chain.ts";
import type { Attachment, ResultDocument } from "./lib/cni.ts";
import { plugin, plugins } from "./lib/plugins.ts";
import { difference, takeSnapshot } from "./lib/snapshot.ts";
import { type Added, bandwidth, Stage } from "./lib/stage.ts";
import { measure } from "./lib/traffic.ts";

const mbit = 1_000_000;
const seconds = 3;
const port = 5201;

const set = () => Stage.set({ base: { mode: "ptp" }, chained: [bandwidth()] });

const into = ({ uplink }: Stage, { pod, result }: Added) =>
  measure(
    uplink.host,
    { place: pod, listen: port },
    { host: result.ips?.[0]?.address.split("/")[0] ?? "", port },
    { seconds },
  );

const outOf = ({ uplink }: Stage, { pod }: Added) =>
  measure(pod, { place: uplink.host, listen: port }, { host: uplink.host4, port }, { seconds });

function expectNear(mean: number, limit: number): void {
  expect(mean / limit).toBeGreaterThan(0.85);
  expect(mean / limit).toBeLessThan(1.1);
}

/** What containerd passes for a burst, which Kubernetes' annotations do not have. */
const noBurst = 4_294_967_295;

describe.concurrent("throughput of a TCP stream", () => {
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
    expectNear((await into(stage, pod)).mean, 10 * mbit);
    expectNear((await outOf(stage, pod)).mean, 20 * mbit);
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
    expectNear((await into(stage, pod)).mean, 10 * mbit);
    expectNear((await outOf(stage, pod)).mean, 10 * mbit);
  });

  test("is free in the direction that has no limit", async () => {
    await using stage = await set();
    const ingressOnly = await stage.add("in", {
      bandwidth: { ingressRate: 10 * mbit, ingressBurst: mbit, egressRate: 0, egressBurst: 0 },
    });
    expectNear((await into(stage, ingressOnly)).mean, 10 * mbit);
    expect((await outOf(stage, ingressOnly)).mean).toBeGreaterThan(100 * mbit);
    expect(await stage.node.run(["ip", "-o", "link"])).not.toContain("bwp");
  });

  test("of 1 Gbit/s is not held back by small bursts", async () => {
    await using stage = await set();
    const pod = await stage.add("web", {
      bandwidth: { ingressRate: 1000 * mbit, ingressBurst: noBurst },
    });
    const { mean } = await into(stage, pod);
    expect(mean).toBeGreaterThan(800 * mbit);
    expect(mean).toBeLessThan(1100 * mbit);
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
    expectNear((await outOf(stage, { pod, attachment, result })).mean, 8 * mbit);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ResultDocument } from "../lib/cni.ts";
import { whyNoReference } from "../lib/reference.ts";
import { difference, type Snapshot, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { type Added, mapping } from "../lib/stage.ts";
import { ask, measure, serve } from "../lib/traffic.ts";
import { Scene } from "./scene.ts";

const mbit = 1_000_000;
const [ingress, egress] = [10 * mbit, 16 * mbit];

/** What the chain's result looks like behind each: the interfaces, and the addresses as the main plugin gave them. */
const networks = [
  {
    network: "bridge",
    interfaces: ["cni0", "veth* on the node", "eth0 in the pod"],
    ips: ["10.22.0.3/24 gateway 10.22.0.1 interface 2"],
  },
  {
    network: "ptp",
    interfaces: ["veth* on the node", "eth0 in the pod"],
    ips: ["10.23.0.3/24 gateway 10.23.0.1 interface 1"],
  },
  {
    network: "flannel",
    interfaces: ["cni0", "veth* on the node", "eth0 in the pod"],
    ips: ["version 4 10.244.0.3/24 gateway 10.244.0.1 interface 2"],
  },
  {
    network: "calico",
    interfaces: ["cali* in the pod"],
    ips: ["version 4 192.168.77.3/32", "version 6 fd00:77::3/128"],
  },
  { network: "weave", interfaces: [], ips: ["version 4 10.32.0.3/12 gateway 10.32.0.1"] },
  {
    network: "cilium",
    interfaces: ["lxc* on the node", "eth0 in the pod"],
    ips: [
      "version 6 fd00:10::3/128 gateway fd00:10::1 interface 1",
      "version 4 10.0.0.3/32 gateway 10.0.0.1 interface 1",
    ],
  },
  {
    network: "azure",
    interfaces: ["eth0 on the node"],
    ips: ["version 4 10.240.0.3/16 gateway 10.240.0.1"],
  },
];

const withoutReference = whyNoReference();
const ofReference = ["bridge", "ptp", "flannel"];
const here = networks.filter(
  ({ network }) => withoutReference === undefined || !ofReference.includes(network),
);
if (withoutReference !== undefined) {
  console.warn(`left out: behind ${ofReference.join(", ")}: ${withoutReference}`);
}

/** The networks at a time, the tests of each one after the other. */
const inTurn = { concurrent: false };

describe.concurrent.each(here)("behind $network", ({ network, interfaces, ips }) => {
  let scene: Scene;
  let other: Added;
  let before: Snapshot;
  let web: Added;

  beforeAll(async () => {
    scene = await Scene.set(network);
    other = await scene.add("other", { portMappings: [mapping(9090, 90)] });
    before = withoutShared(await takeSnapshot(scene.node));
    web = await scene.add("web", {
      portMappings: [mapping(8080, 80), mapping(5353, 53, { protocol: "udp" }), mapping(15201, 5201)],
      bandwidth: {
        ingressRate: ingress,
        ingressBurst: ingress / 10,
        egressRate: egress,
        egressBurst: egress / 10,
      },
    });
    await Promise.all([serve(web.pod, "web", 80), serve(web.pod, "dns", 53, "udp")]);
  });
  afterAll(() => scene.node.close());

  test("the result is the main plugin's, and the ifb", inTurn, () => {
    expect(interfacesOf(web.result)).toEqual([...interfaces, "bwp* on the node"]);
    expect(ipsOf(web.result)).toEqual(ips);
  });

  test("a hostPort answers another host", inTurn, async () => {
    const { host, node4, host4 } = scene.uplink;
    expect(await ask(host, node4, 8080)).toEqual({ server: "web", peer: host4 });
  });

  if (ips.some((ip) => ip.includes("::"))) {
    test("a hostPort answers over IPv6", inTurn, async () => {
      const { host, node6, host6 } = scene.uplink;
      expect(await ask(host, node6, 8080)).toEqual({ server: "web", peer: host6 });
    });
  }

  test("a hostPort answers the node on 127.0.0.1", inTurn, async () => {
    expect(await ask(scene.node, "127.0.0.1", 8080)).toMatchObject({ server: "web" });
  });

  test("a hostPort answers another pod, and the pod itself", inTurn, async () => {
    expect(await ask(other.pod, scene.uplink.node4, 8080)).toMatchObject({ server: "web" });
    expect(await ask(web.pod, scene.uplink.node4, 8080)).toMatchObject({ server: "web" });
  });

  test("a hostPort answers datagrams", inTurn, async () => {
    const { host, node4 } = scene.uplink;
    expect(await ask(host, node4, 5353, { protocol: "udp" })).toMatchObject({ server: "dns" });
  });

  test("traffic keeps to the rate in either direction", inTurn, async () => {
    const { host, node4, host4 } = scene.uplink;
    const [into, outOf] = await Promise.all([
      measure(host, { place: web.pod, listen: 5201 }, { host: node4, port: 15201 }, until(ingress)),
      measure(web.pod, { place: host, listen: 5202 }, { host: host4, port: 5202 }, until(egress)),
    ]);
    for (const [{ best, mean }, rate] of [
      [into, ingress],
      [outOf, egress],
    ] as const) {
      expect(best / rate).toBeGreaterThan(0.85);
      expect(mean / rate).toBeLessThan(1.15);
    }
  });

  test("CHECK finds all in order, and what is not", inTurn, async () => {
    const chain = scene.at("1.0.0");
    const { attachment, result } = await scene.add("checked", web.attachment.capabilityArgs, chain);
    try {
      await chain.check(attachment);
      await scene.node.run(["ip", "link", "delete", result.interfaces?.at(-1)?.name ?? ""]);
      await expect(chain.check(attachment)).rejects.toMatchObject({
        plugin: "bandwidth",
        document: { code: 101 },
      });
    } finally {
      await chain.del(attachment);
    }
  });

  test("DEL leaves nothing", inTurn, async () => {
    expect(difference(before, await takeSnapshot(scene.node))).not.toEqual([]);
    await scene.del(web.attachment);
    expect(difference(before, withoutShared(await takeSnapshot(scene.node)))).toEqual([]);
  });

  test("a second DEL, without namespace and result, finds nothing to do", inTurn, async () => {
    await scene.node.removeNetns(web.pod);
    await scene.del({ ...web.attachment, netns: "" });
    expect(difference(before, withoutShared(await takeSnapshot(scene.node)))).toEqual([]);
  });
});

const until = (rate: number) => ({ seconds: 1.4, until: 0.9 * rate });

/** Names without what differs from run to run. */
function interfacesOf(result: ResultDocument): readonly string[] {
  return (result.interfaces ?? []).map(({ name, sandbox }) => {
    const kind = /^(veth|cali|lxc|bwp)/.exec(name)?.[0];
    const where = sandbox === undefined || sandbox === "" ? "on the node" : "in the pod";
    return name === "cni0" ? name : `${kind === undefined ? name : `${kind}*`} ${where}`;
  });
}

function ipsOf(result: ResultDocument): readonly string[] {
  return (result.ips ?? []).map(({ version, address, gateway, interface: index }) =>
    [
      ...(version === undefined ? [] : ["version", version]),
      address,
      ...(gateway === undefined ? [] : ["gateway", gateway]),
      ...(index === undefined ? [] : ["interface", index]),
    ].join(" "),
  );
}

import { expect, test } from "vitest";
import type { ResultDocument } from "../lib/cni.ts";
import { difference, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { mapping } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { Scene } from "./scene.ts";

const bandwidth = { ingressRate: 8e6, ingressBurst: 8e5, egressRate: 4e6, egressBurst: 4e5 };
type Interfaces = NonNullable<ResultDocument["interfaces"]>;

/** Ways in which main plugins, past and present, list the two ends of a pair, or do not. */
const shapes: Readonly<Record<string, (host: string, netns: string) => Interfaces | null | undefined>> = {
  "no interfaces at all": () => undefined,
  "interfaces null": () => null,
  "an empty list": () => [],
  "the host's end alone": (host) => [{ name: host }],
  "the host's end with the pod's sandbox": (host, netns) => [{ name: host, sandbox: netns }],
  "the pod's end alone": (_, netns) => [{ name: "eth0", sandbox: netns }],
  "the pod's end without sandbox": () => [{ name: "eth0" }],
  "a host's end that is another pod's": () => [{ name: "other" }],
  "both ends among several": (host, netns) => [
    { name: "up1" },
    { name: "other" },
    { name: "net1", sandbox: netns },
    { name: host, sandbox: "" },
    { name: "eth0", sandbox: netns },
  ],
};

const versions = ["0.4.0", "1.0.0"];

test.concurrent.each(versions)(
  "at CNI %s, whatever the main plugin lists, the pod is reached and shaped",
  async (cniVersion) => {
    await using scene = await Scene.set("calico");
    const { node, uplink } = scene;
    await node.run(["ip", "netns", "add", "elsewhere"]);
    await node.ip("link add other type veth peer name eth0 netns elsewhere", "link set other up");
    const { pod, attachment, result } = await scene.add("web", {}, scene.mainOnly(cniVersion));
    await serve(pod, "web", 80);
    const host = result.interfaces?.[0]?.name ?? "";
    const capabilityArgs = { bandwidth, portMappings: [mapping(8080, 80)] };
    // Somebody else's, so that what all share is there.
    const other = {
      ...attachment,
      containerId: "other",
      capabilityArgs: { portMappings: [mapping(9090, 90)] },
    };
    await scene.behind(result, cniVersion).add(other);
    const before = withoutShared(await takeSnapshot(node));

    for (const [shape, interfaces] of Object.entries(shapes)) {
      const list = interfaces(host, pod.netns);
      const chain = scene.behind({ ...result, interfaces: list } as ResultDocument, cniVersion);
      const shaped = { ...attachment, capabilityArgs };
      const chained = await chain.add(shaped);
      expect(chained.ips, shape).toEqual(result.ips);
      expect(chained.interfaces, shape).toEqual([
        ...(list ?? []),
        expect.objectContaining({ name: ifbName }),
      ]);
      expect(await node.run(["tc", "qdisc", "show", "dev", host]), shape).toMatch(/tbf 1: root .*rate 8Mbit/);
      expect(await node.run(["tc", "qdisc", "show", "dev", "other"]), shape).not.toContain("tbf");
      expect(await ask(uplink.host, uplink.node4, 8080), shape).toMatchObject({ server: "web" });
      await chain.check(shaped);
      await chain.del(shaped);
      expect(difference(before, withoutShared(await takeSnapshot(node))), shape).toEqual([]);
    }
  },
);

const ifbName = expect.stringMatching(/^bwp[0-9a-f]{12}$/);

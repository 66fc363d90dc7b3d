import { describe, expect, test } from "vitest";
import { compareVersions } from "./lib/cni.ts";
import { Node } from "./lib/node.ts";
import { difference, takeSnapshot, withoutShared } from "./lib/snapshot.ts";
import { bandwidth, loopback, mapping, portmap, Stage } from "./lib/stage.ts";
import { type IptablesVariant, iptablesVariants, whyNoIptables } from "./lib/tools.ts";

const unusable = new Map<IptablesVariant, string>();
{
  await using node = await Node.start();
  for (const variant of iptablesVariants) {
    const reason = await whyNoIptables(node, variant);
    if (reason !== undefined) unusable.set(variant, reason);
  }
}
for (const reason of unusable.values()) console.warn(`left out: ${reason}`);

const families = { "IPv4 only": [4], "IPv6 only": [6], "both families": [4, 6] } as const;
const capabilityArgs = {
  portMappings: [
    mapping(8080, 80),
    mapping(5353, 53, { protocol: "udp" }),
    mapping(3868, 3868, { protocol: "sctp" }),
  ],
  bandwidth: { ingressRate: 8_000_000, ingressBurst: 800_000, egressRate: 4_000_000, egressBurst: 400_000 },
};

const usable = iptablesVariants.filter((variant) => !unusable.has(variant));

describe.each(usable)("a pod's life on iptables-%s", (iptables) => {
  describe.each(["0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"])("at CNI %s", (cniVersion) => {
    test.concurrent.each(Object.entries(families))(
      "%s: ADD, CHECK, DEL and DEL again leave the node as it was",
      async (_, podFamilies) => {
        const chained = [portmap(), bandwidth(), loopback];
        await using stage = await Stage.set({
          iptables,
          cniVersion,
          base: { families: podFamilies },
          chained,
        });
        const { node, chain } = stage;
        const other = await stage.add("other", { portMappings: [mapping(9090, 90)] });
        const pod = await node.addPod("web");
        const before = withoutShared(await takeSnapshot(node));

        const attachment = { containerId: "web", ifname: "eth0", netns: pod.netns, capabilityArgs };
        const result = await chain.add(attachment);
        expect(result.cniVersion).toBe(cniVersion);
        expect(result.ips?.map(({ version }) => version)).toEqual(
          compareVersions(cniVersion, "1.0.0") < 0
            ? podFamilies.map(String)
            : podFamilies.map(() => undefined),
        );
        expect(result.interfaces?.at(-1)?.name).toMatch(/^bwp[0-9a-f]{12}$/);
        expect(difference(before, await takeSnapshot(node)).length).toBeGreaterThan(0);

        if (compareVersions(cniVersion, "0.4.0") >= 0) await chain.check(attachment);
        await chain.del(attachment);
        expect(difference(before, withoutShared(await takeSnapshot(node)))).toEqual([]);
        await chain.del({ ...attachment, netns: "" });
        expect(difference(before, withoutShared(await takeSnapshot(node)))).toEqual([]);
        if (compareVersions(cniVersion, "0.4.0") >= 0) await chain.check(other.attachment);
      },
    );
  });

  test.concurrent.each(["0.1.0", "0.2.0"])("portmap and loopback live at CNI %s, too", async (cniVersion) => {
    await using stage = await Stage.set({ iptables, cniVersion, chained: [portmap(), loopback] });
    const pod = await stage.node.addPod("web");
    const before = withoutShared(await takeSnapshot(stage.node));
    const attachment = { containerId: "web", ifname: "eth0", netns: pod.netns, capabilityArgs };
    const result = await stage.chain.add(attachment);
    expect(result).toMatchObject({ cniVersion, ip4: { ip: "10.88.0.2/24" }, ip6: { ip: "fd00:88::2/64" } });
    expect(result).not.toHaveProperty("ips");
    await stage.chain.del(attachment);
    await stage.chain.del(attachment);
    expect(difference(before, withoutShared(await takeSnapshot(stage.node)))).toEqual([]);
  });
});

import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "vitest";
import { Chain, PluginError } from "./lib/chain.ts";
import type { Attachment, ConfList } from "./lib/cni.ts";
import { plugins } from "./lib/plugins.ts";
import { difference, takeSnapshot, withoutShared } from "./lib/snapshot.ts";
import { bandwidth, loopback, mapping, portmap, Stage } from "./lib/stage.ts";
import { type IptablesVariant, iptablesVariants } from "./lib/tools.ts";
import { ask, serve } from "./lib/traffic.ts";

// A node goes over from the reference plugins to ours, or back, while its pods run.
const reference = process.env["CNI_REFERENCE"] ?? "/usr/lib/cni";
const missing = ["portmap", "bandwidth", "loopback"].filter((type) => !existsSync(join(reference, type)));
const reason = `no reference plugins in ${reference} (Debian: containernetworking-plugins; or set CNI_REFERENCE)`;
if (missing.length > 0)
  console.warn(`left out, going over between the reference's plugins and ours: ${reason}`);

const conf: ConfList = {
  cniVersion: "1.0.0",
  name: "net",
  plugins: [{ type: "base", hairpinMode: true }, portmap(), bandwidth(), loopback],
};

const capabilityArgs = {
  portMappings: [mapping(8080, 80), mapping(8053, 53, { protocol: "udp" })],
  bandwidth: { ingressRate: 8e6, ingressBurst: 8e5, egressRate: 8e6, egressBurst: 8e5 },
};

async function arrange(iptables: IptablesVariant) {
  const stage = await Stage.set({ iptables, chained: [] });
  const chains = {
    ours: new Chain(stage.node, plugins, conf),
    theirs: new Chain(stage.node, reference, conf),
  };
  const pod = await stage.node.addPod("web");
  const attachment: Attachment = { containerId: "web", ifname: "eth0", netns: pod.netns, capabilityArgs };
  return { stage, ...chains, pod, attachment, before: withoutShared(await takeSnapshot(stage.node)) };
}

describe.skipIf(missing.length > 0).each(iptablesVariants)(
  "on iptables-%s",
  { concurrent: true },
  (iptables) => {
    test("our DEL removes what the reference's ADD made", async ({ expect }) => {
      const { stage, ours, theirs, attachment, before } = await arrange(iptables);
      await using _ = stage;
      const result = await theirs.add(attachment);
      ours.adopt(attachment, result);
      await ours.del(attachment);
      expect(difference(before, withoutShared(await takeSnapshot(stage.node)))).toEqual([]);
    });

    test("the reference's DEL removes what our ADD made, but for the guard it knows nothing of", async ({
      expect,
    }) => {
      const { stage, ours, theirs, attachment, before } = await arrange(iptables);
      await using _ = stage;
      const result = await ours.add(attachment);
      theirs.adopt(attachment, result);
      await theirs.del(attachment);
      const left = difference(before, withoutShared(await takeSnapshot(stage.node)));
      expect(left.filter((line) => !line.includes(" CNI-HOSTPORT-LOCAL "))).toEqual([]);
    });

    test("our CHECK of a pod that the reference added misses the guard and nothing else", async ({
      expect,
    }) => {
      const { stage, ours, theirs, attachment } = await arrange(iptables);
      await using _ = stage;
      const result = await theirs.add(attachment);
      ours.adopt(attachment, result);
      const error = await ours.check(attachment).catch((thrown: unknown) => thrown);
      if (!(error instanceof PluginError)) throw new Error(`CHECK did not miss the guard: ${error}`);
      const { code, details = "" } = error.document;
      expect({ code, plugin: error.plugin }).toEqual({ code: 101, plugin: "portmap" });
      expect(details.split("\n").filter((line) => !line.startsWith("iptables raw: "))).toEqual([]);
    });

    test("pods of both are served side by side, whoever came first", async ({ expect }) => {
      const { stage, ours, theirs, pod, attachment } = await arrange(iptables);
      await using _ = stage;
      await theirs.add(attachment);
      await serve(pod, "web", 80);
      const mine = await stage.add("mine", { portMappings: [mapping(8081, 80)] }, ours);
      await serve(mine.pod, "mine", 80);
      const other = await stage.add("other", { portMappings: [mapping(8082, 80)] }, theirs);
      await serve(other.pod, "other", 80);
      const served = async (port: number) => (await ask(stage.uplink.host, stage.uplink.node4, port))?.server;
      expect(await Promise.all([8080, 8081, 8082].map(served))).toEqual(["web", "mine", "other"]);
      await ours.del(mine.attachment);
      expect(await served(8080)).toBe("web");
      expect(await served(8082)).toBe("other");
    });
  },
);

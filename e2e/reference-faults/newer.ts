import { pluginConf, pluginEnv } from "../lib/chain.ts";
import { bandwidth, portmap } from "../lib/stage.ts";
import { type Fault, wrongIf } from "./fault.ts";
import { Scene, textOf, web } from "./scene.ts";

const limits = { bandwidth: { egressRate: 8e6, egressBurst: 8e5 } };
const nobody = { attachment: { containerId: "", ifname: "", netns: "" }, result: {} };
const notIn111 = "it ends with CNI 1.0.0";

/** What the reference does wrong in what it has learnt since 1.1.1. */
export const newerFaults: readonly Fault[] = [
  {
    plugin: "all",
    id: "gc-does-nothing",
    title: "GC of what pods that vanished without DEL have left",
    reference: "exits with 0 and removes nothing",
    ours: "removes it, and nothing of other networks",
    notIn111,
    async see(installation) {
      await using scene = await Scene.set(installation, { cniVersion: "1.1.0" });
      const pod = await scene.pod("web", { ...web, ...limits });
      for (const conf of [portmap(), bandwidth()]) {
        await scene.succeed("ADD", conf, pod);
        const stale = { prevResult: undefined, runtimeConfig: undefined, "cni.dev/valid-attachments": [] };
        await scene.succeed("GC", conf, nobody, stale);
      }
      const left = await scene.sh("iptables -t nat -S | grep CNI-DN-; ip -o link show type ifb");
      return wrongIf(left !== "", left);
    },
  },
  {
    plugin: "all",
    id: "status-knows-nothing",
    title: "STATUS on a node without iptables",
    reference: "exits with 0",
    ours: "answers with code 50 and what is missing",
    notIn111,
    async see(installation) {
      await using scene = await Scene.set(installation, { cniVersion: "1.1.0" });
      const fresh = { prevResult: undefined };
      await scene.succeed("STATUS", portmap(), nobody, fresh);
      const answer = await scene.call("STATUS", portmap(), nobody, fresh, { PATH: "/run/empty" });
      return wrongIf(!/"code":\s*50\b/.test(answer.stdout), textOf(answer));
    },
  },
  {
    plugin: "all",
    id: "two-documents",
    reported: "P#714",
    title: "what is printed by an ADD in the node's own namespace",
    reference: "is the result and behind it an error, which no parser takes",
    ours: "is one document",
    notIn111: "it never looks which namespace it is",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const pod = await scene.pod("web", web);
      const { stdout } = await scene.node.try([scene.binary("portmap")], {
        env: {
          ...scene.node.env,
          ...pluginEnv("ADD", { ...pod.attachment, netns: "/proc/self/ns/net" }, "/"),
        },
        stdin: JSON.stringify(pluginConf(scene.chain([]).conf, portmap(), pod.attachment, pod.result)),
      });
      const documents = stdout.split(/(?<=^\})\n/m).filter((text) => text.trim() !== "");
      return wrongIf(documents.length !== 1 || !stdout.includes('"code"'), stdout);
    },
  },
];

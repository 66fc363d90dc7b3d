import type { ResultDocument } from "../lib/cni.ts";
import { loopback } from "../lib/stage.ts";
import { type Fault, wrongIf } from "./fault.ts";
import { Scene } from "./scene.ts";

const none: ResultDocument = {};
const isUp = (scene: Scene) => scene.sh("ip -o link show lo").then((text) => text.includes(",UP"));

const at = (netns: string) => ({ attachment: { containerId: "c1", ifname: "lo", netns }, result: none });
const fresh = { prevResult: undefined };

export const loopbackFaults: readonly Fault[] = [
  {
    plugin: "loopback",
    id: "stale-netns-path",
    title: "DEL where CNI_NETNS is a file no namespace is mounted on any more",
    reference: "fails, and the runtime tries for ever",
    ours: "succeeds: there is nothing to take down",
    async see(installation) {
      await using scene = await Scene.set(installation);
      await scene.node.run(["touch", "/run/netns/stale"]);
      const answer = await scene.call("DEL", loopback, at("/run/netns/stale"), fresh);
      return wrongIf(answer.exitCode !== 0, answer.stdout);
    },
  },
  {
    plugin: "loopback",
    id: "nodes-own-lo",
    reported: "P#714",
    title: "DEL where the path, such as that of a recycled PID, leads to the node's own namespace",
    reference: "takes the node's lo down",
    ours: "leaves it alone",
    async see(installation) {
      await using scene = await Scene.set(installation);
      if (!(await isUp(scene))) throw new Error("the node's lo is down from the start");
      const answer = await scene.call("DEL", loopback, at("/proc/self/ns/net"), fresh);
      return wrongIf(!(await isUp(scene)), `${answer.stdout}lo is ${(await isUp(scene)) ? "up" : "down"}`);
    },
  },
  {
    plugin: "loopback",
    id: "result-shape",
    title: "a result of its own at CNI 0.4.0 and older",
    reference: "has the shape of 1.0.0, without ips[].version",
    ours: "has the version's own shape",
    async see(installation) {
      await using scene = await Scene.set(installation);
      const pod = await scene.node.addPod("web");
      const result = await scene.succeed("ADD", loopback, at(pod.netns), { ...fresh, cniVersion: "0.4.0" });
      return wrongIf(result.ips?.some(({ version }) => version === undefined) === true, result);
    },
  },
];

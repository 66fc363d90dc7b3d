import { hostVeth } from "../lib/base-plugin.ts";
import { bandwidth } from "../lib/stage.ts";
import { type Fault, wrongIf } from "./fault.ts";
import { Scene, textOf } from "./scene.ts";

const conf = bandwidth();
const limits = {
  ingressRate: 8_000_000,
  ingressBurst: 1_000_000,
  egressRate: 8_000_000,
  egressBurst: 1_000_000,
};

/** An ADD, then a disturbance, then CHECK. */
async function checkAfter(
  installation: Parameters<Fault["see"]>[0],
  disturb: (veth: string) => string,
): Promise<{ readonly exitCode: number; readonly text: string }> {
  await using scene = await Scene.set(installation, { base: { mode: "ptp" } });
  const pod = await scene.pod("web", { bandwidth: limits });
  const result = await scene.succeed("ADD", conf, pod);
  const well = await scene.call("CHECK", conf, { ...pod, result });
  if (well.exitCode !== 0) throw new Error(`CHECK fails where all is well: ${well.stdout}`);
  await scene.node.run(["sh", "-ec", disturb(hostVeth(pod.attachment))]);
  const answer = await scene.call("CHECK", conf, { ...pod, result });
  return { exitCode: answer.exitCode, text: textOf(answer).trim() };
}

export const bandwidthCheckFaults: readonly Fault[] = [
  {
    plugin: "bandwidth",
    id: "check-missing-tbf",
    title: "CHECK where the limit into the pod is gone",
    reference: "passes if a qdisc of another kind stands first",
    ours: "names what is missing",
    async see(installation) {
      const { exitCode, text } = await checkAfter(installation, (veth) => `tc qdisc del dev ${veth} root`);
      return wrongIf(exitCode === 0, text);
    },
  },
  {
    plugin: "bandwidth",
    id: "check-missing-filter",
    title: "CHECK where the filter or its hook, and with them the limit out of the pod, are gone",
    reference: "passes: it never looks at them",
    ours: "names what is missing",
    async see(installation) {
      const { exitCode, text } = await checkAfter(installation, (veth) => `tc qdisc del dev ${veth} ingress`);
      return wrongIf(exitCode === 0, text);
    },
  },
  {
    plugin: "bandwidth",
    id: "check-says-little",
    title: "CHECK of another rate than configured",
    reference: "says `Rate doesn't match`",
    ours: "says where, what is expected and what is there",
    async see(installation) {
      const { exitCode, text } = await checkAfter(
        installation,
        (veth) => `tc qdisc change dev ${veth} root tbf rate 9mbit burst 125000 latency 25ms`,
      );
      if (exitCode === 0) throw new Error("CHECK does not notice a changed rate");
      return wrongIf(!(text.includes("veth") && /1125000|9 ?000 ?000|9[ .]?\w*bit/i.test(text)), text);
    },
  },
];

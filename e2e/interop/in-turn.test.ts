import { describe, test } from "vitest";
import { ours, reference, whyNoReference } from "../lib/reference.ts";
import { difference, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { bandwidth, loopback, mapping, portmap } from "../lib/stage.ts";
import { iptablesVariants } from "../lib/tools.ts";
import { callFor } from "./call.ts";
import { compareStates, takeState } from "./node-state.ts";
import type { Situation } from "./situations.ts";
import { addPods, checkLines, setTrial } from "./trial.ts";

// One pod in the hands of both, one after the other.
const reason = whyNoReference();
if (reason !== undefined) console.warn(`left out, a pod in the hands of the reference and ours: ${reason}`);

const limits = { ingressRate: 8e6, ingressBurst: 8e5, egressRate: 8e6, egressBurst: 8e5 };
const situation: Situation = {
  what: "the whole chain",
  chained: [portmap(), bandwidth(), loopback],
  pods: [{ portMappings: [mapping(8080, 80), mapping(53, 53, { protocol: "udp" })], bandwidth: limits }],
  differs: [],
};

/** A node with one pod, which one of the two has added. */
async function withPod(by: typeof ours, fields: Partial<Situation> = {}) {
  const trial = await setTrial({ ...situation, ...fields });
  const before = withoutShared(await takeSnapshot(trial.stage.node));
  const chain = trial.chain(by);
  const [pod] = await addPods(trial, { ...situation, ...fields }, chain);
  if (pod === undefined) throw new Error("the situation has no pod");
  const left = async () => difference(before, withoutShared(await takeSnapshot(trial.stage.node)));
  return { stage: trial.stage, node: trial.stage.node, trial, chain, pod, left };
}

const isGuard = (line: string) => /(: raw .*|iptables raw .*)CNI-HOSTPORT-LOCAL/.test(line);

describe.skipIf(reason !== undefined).concurrent("a pod in the hands of both", () => {
  test.for(["bandwidth", "loopback"])(
    "the reference's CHECK of %s finds what ours added",
    async (type, { expect }) => {
      const { stage, node, pod } = await withPod(ours);
      await using _ = stage;
      const conf = type === "bandwidth" ? bandwidth() : loopback;
      const answer = await callFor(node, reference, "CHECK", conf, pod);
      expect(answer).toMatchObject({ exitCode: 0, stdout: "" });
    },
  );

  // Where ip6tables can be run it fails on every pod of both families, its own as well.
  test.for(iptablesVariants)(
    "the reference's CHECK of portmap finds what ours added to iptables-%s",
    async (iptables, { expect }) => {
      const { stage, node, pod } = await withPod(ours, { iptables, families: [4], chained: [portmap()] });
      await using _ = stage;
      await node.run([
        "sh",
        "-ec",
        `mkdir /run/v4; ln -s "$(command -v iptables-${iptables})" /run/v4/iptables`,
      ]);
      const check = () => callFor(node, reference, "CHECK", portmap(), pod, { PATH: "/run/v4" });
      expect(await check()).toMatchObject({ exitCode: 0, stdout: "" });
      await node.run(["iptables", "-t", "nat", "-F", "CNI-HOSTPORT-DNAT"]);
      expect(await check()).toMatchObject({ exitCode: 1 });
    },
  );

  test.for(iptablesVariants)(
    "on iptables-%s our second ADD makes of the reference's pod what ours would be",
    async (iptables, { expect }) => {
      const { stage, node, trial, chain, pod, left } = await withPod(reference, { iptables });
      await using _ = stage;
      const fresh = await withPod(ours, { iptables });
      await using __ = fresh.stage;
      for (const conf of [portmap(), bandwidth(), loopback]) {
        const answer = await callFor(node, ours, "ADD", conf, pod);
        expect(answer.exitCode, answer.stdout).toBe(0);
      }
      // What does its work is left as it is: a filter with an idle second action, route_localnet that is open.
      const lines = compareStates(await takeState(fresh.node), await takeState(node));
      expect(lines.filter((line) => !/action order 2: mirred|route_localnet opened/.test(line))).toEqual([]);
      const taken = trial.chain(ours);
      taken.adopt(pod.attachment, pod.result);
      expect(await checkLines(taken, pod)).toEqual([]);
      await chain.del(pod.attachment);
      expect((await left()).filter((line) => !isGuard(line))).toEqual([]);
    },
  );

  test.for(iptablesVariants)(
    "on iptables-%s the reference's second ADD leaves ours as it is",
    async (iptables, { expect }) => {
      const { stage, node, chain, pod, left } = await withPod(ours, { iptables });
      await using _ = stage;
      const first = await takeState(node);
      for (const conf of [portmap(), loopback]) {
        const answer = await callFor(node, reference, "ADD", conf, pod);
        expect(answer.exitCode, answer.stdout).toBe(0);
      }
      // Its bandwidth cannot be repeated, whoever came first.
      expect((await callFor(node, reference, "ADD", bandwidth(), pod)).exitCode).toBe(1);
      expect(compareStates(first, await takeState(node))).toEqual([]);
      expect(await checkLines(chain, pod)).toEqual([]);
      await chain.del(pod.attachment);
      expect(await left()).toEqual([]);
    },
  );

  test.for([
    ["ours", ours, reference],
    ["the reference's", reference, ours],
  ] as const)(
    "%s pod is gone by the other's DEL without namespace and prevResult",
    async ([, by, other], { expect }) => {
      const { stage, node, trial, pod, left } = await withPod(by);
      await using _ = stage;
      // The runtime has taken the namespace away, and with it the veth.
      await node.removeNetns(pod.pod);
      await expect
        .poll(async () => (await node.try(["ip", "link", "show", "type", "veth"])).stdout)
        .not.toContain("cni0");
      await trial.chain(other).del({ ...pod.attachment, netns: "", capabilityArgs: {} });
      const lines = await left();
      // Without runtimeConfig the reference removes no ports (P#509).
      const leaked = (line: string) => by === ours && (line.includes("CNI-DN-") || isGuard(line));
      expect(lines.filter((line) => !leaked(line))).toEqual([]);
      expect(lines.some(leaked)).toBe(by === ours);
    },
  );
});

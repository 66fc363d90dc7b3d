import { expect, test } from "vitest";
import { type Chain, PluginError } from "../lib/chain.ts";
import type { Attachment } from "../lib/cni.ts";
import { patience, rounds } from "../lib/long.ts";
import type { Node } from "../lib/node.ts";
import { difference, type Snapshot, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { bandwidth, loopback, mapping, portmap, Stage } from "../lib/stage.ts";
import { iptablesVariants } from "../lib/tools.ts";
import { noteTried } from "../lib/tried-table.ts";
import { holdLock, rewrite } from "./disturbers.ts";
import { layForeignRules, lostForeignRules } from "./foreign-rules.ts";
import { hideStateOfMachine, remainsOn } from "./remains.ts";
import { inWorkers } from "./workers.ts";

const pods = rounds(20, 200);
const workers = rounds(8, 16);
const limits = { ingressRate: 8e6, ingressBurst: 8e6, egressRate: 8e6, egressBurst: 8e6 };

/** Seconds that portmap may take: most wait patiently, and every fifth pod's runtime is told to come again. */
const timeoutOf = (pod: number) => (pod % 5 === 4 ? 2 : 20);
/** How often a runtime comes again before the pod counts as lost. */
const attempts = 20;

/** Both protocols, five ports a pod that no other has. */
const mappings = (pod: number) =>
  [0, 1, 2, 3, 4].map((at) =>
    mapping(10_000 + pod * 5 + at, 80 + at, { protocol: at % 2 === 0 ? "tcp" : "udp" }),
  );

interface InStorm {
  readonly attachment: Attachment;
  readonly chain: Chain;
}

type Verb = "add" | "check" | "del";

/** Calls that were answered with "try again later", and calls that failed otherwise. */
interface Told {
  again: number;
  readonly failed: Readonly<Record<Verb, string[]>>;
}

/** As a runtime does it: what was told to try again later is tried again, an ADD behind a DEL. */
async function bring({ chain, attachment }: InStorm, verb: Verb, told: Told): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      if (verb === "add" && attempt > 1) await chain.del(attachment);
      await chain[verb](attachment);
      return;
    } catch (error) {
      if (!(error instanceof PluginError) || error.document.code !== 11 || attempt === attempts) {
        told.failed[verb].push(`${attachment.containerId}, attempt ${attempt}: ${error}`);
        return;
      }
      told.again += 1;
    }
  }
}

const foreign = (snapshot: Snapshot) =>
  [...snapshot.values()].map((lines) => lines.filter((line) => /KUBE-/.test(line)));

/** A pod that comes and goes before all others, without our plugins: the bridge keeps what its first port brings. */
async function useBridge(stage: Stage): Promise<void> {
  const chain = stage.chainOf({ chained: [] });
  const { attachment, pod } = await stage.add("first", {}, chain);
  await chain.del(attachment);
  await stage.node.removeNetns(pod);
}

async function attachmentFor(node: Node, at: number): Promise<Attachment> {
  const { netns } = await node.addPod(`pod-${at}`);
  const capabilityArgs = { portMappings: mappings(at), bandwidth: limits };
  return { containerId: `pod-${at}`, ifname: "eth0", netns, capabilityArgs };
}

test.concurrent.for(iptablesVariants)(
  "a storm of pods on %s",
  { timeout: patience(120_000, 1_800_000) },
  async (variant, { task }) => {
    await using stage = await Stage.set({ iptables: variant });
    const { node } = stage;
    await hideStateOfMachine(node);
    await layForeignRules(node);
    await useBridge(stage);
    const members = await Promise.all(
      Array.from({ length: pods }, async (_, at): Promise<InStorm> => {
        const chained = [portmap({ timeoutSeconds: timeoutOf(at) }), bandwidth(), loopback];
        return { attachment: await attachmentFor(node, at), chain: stage.chainOf({ chained }) };
      }),
    );
    const before = withoutShared(await takeSnapshot(node));
    const remainedBefore = await remainsOn(node);
    const disturbers = [await rewrite(node), await holdLock(node)];
    const told: Told = { again: 0, failed: { add: [], check: [], del: [] } };
    for (const verb of ["add", "check", "del"] as const) {
      await inWorkers(members, workers, (member) => bring(member, verb, told));
    }
    const [written = 0, held = 0] = await Promise.all(disturbers.map((disturber) => disturber.stop()));
    const after = withoutShared(await takeSnapshot(node));
    const lostForeign = await lostForeignRules(node);
    const left = difference(before, after);
    const { add, check, del } = told.failed;
    noteTried(
      task,
      { what: `ADD in a storm, ${variant}`, times: pods, lost: add.length },
      { what: `CHECK in a storm, ${variant}`, times: pods, lost: check.length },
      { what: `DEL in a storm, ${variant}`, times: pods, lost: del.length },
      { what: `told to try again later, ${variant}`, times: told.again, lost: 0 },
      { what: `foreign rules written anew, ${variant}`, times: written, lost: lostForeign.length },
      { what: `lock held for 2 s, ${variant}`, times: held, lost: 0 },
      { what: `node after a storm, ${variant}`, times: 1, lost: left.length },
    );
    expect(Math.min(written, held)).toBeGreaterThan(0);
    expect(told.failed).toEqual({ add: [], check: [], del: [] });
    expect(lostForeign).toEqual([]);
    expect(left).toEqual([]);
    expect(foreign(after)).toEqual(foreign(before));
    expect(await remainsOn(node)).toEqual(remainedBefore);
  },
);

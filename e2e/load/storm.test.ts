import { expect, test } from "vitest";
import { type Chain, PluginError } from "../lib/chain.ts";
import type { Attachment } from "../lib/cni.ts";
import { patience, rounds } from "../lib/long.ts";
import { difference, type Snapshot, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { bandwidth, loopback, mapping, portmap, Stage } from "../lib/stage.ts";
import { iptablesVariants } from "../lib/tools.ts";
import { noteTried } from "../lib/tried-table.ts";
import { holdLock, layForeignRules, rewrite } from "./disturbers.ts";
import { remainsOn } from "./remains.ts";
import { inWorkers } from "./workers.ts";

const pods = rounds(30, 200);
const workers = rounds(8, 16);
const limits = { ingressRate: 8e6, ingressBurst: 8e6, egressRate: 8e6, egressBurst: 8e6 };

/** Both protocols, five ports a pod that no other has. */
const mappings = (pod: number) =>
  [0, 1, 2, 3, 4].map((at) =>
    mapping(10_000 + pod * 5 + at, 80 + at, { protocol: at % 2 === 0 ? "tcp" : "udp" }),
  );

/** Calls that were answered with "try again later", and calls that failed otherwise. */
interface Told {
  again: number;
  readonly failed: string[];
}

/** As a runtime does it: an ADD that failed is followed by a DEL, and tried again where the answer says so. */
async function bring(chain: Chain, attachment: Attachment, verb: "add" | "del", told: Told): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await chain[verb](attachment);
      return;
    } catch (error) {
      if (!(error instanceof PluginError) || error.document.code !== 11 || attempt === 10) {
        told.failed.push(`${verb} ${attachment.containerId}: ${error}`);
        return;
      }
      told.again += 1;
      if (verb === "add") await chain.del(attachment);
    }
  }
}

const foreign = (snapshot: Snapshot) =>
  [...snapshot.values()].map((lines) => lines.filter((line) => /KUBE-/.test(line)));

test.concurrent.for(iptablesVariants)(
  "a storm of pods on %s",
  { timeout: patience(90_000, 1_800_000) },
  async (variant, { task }) => {
    await using stage = await Stage.set({
      iptables: variant,
      chained: [portmap({ timeoutSeconds: 60 }), bandwidth(), loopback],
    });
    const { node, chain } = stage;
    await layForeignRules(node);
    const attachments = await Promise.all(
      Array.from({ length: pods }, async (_, at): Promise<Attachment> => {
        const pod = await node.addPod(`pod-${at}`);
        const capabilityArgs = { portMappings: mappings(at), bandwidth: limits };
        return { containerId: `pod-${at}`, ifname: "eth0", netns: pod.netns, capabilityArgs };
      }),
    );
    const before = withoutShared(await takeSnapshot(node));
    const remainedBefore = await remainsOn(node);
    const disturbers = [await rewrite(node), await holdLock(node)];
    const told: Told = { again: 0, failed: [] };
    await inWorkers(attachments, workers, (attachment) => bring(chain, attachment, "add", told));
    const wrong: string[] = [];
    for (const attachment of attachments) {
      await chain
        .check(attachment)
        .catch((error: Error) => wrong.push(`${attachment.containerId}: ${error.message}`));
    }
    await inWorkers(attachments, workers, (attachment) => bring(chain, attachment, "del", told));
    const disturbed = await Promise.all(disturbers.map((disturber) => disturber.stop()));
    const snapshot = await takeSnapshot(node);
    const left = difference(before, withoutShared(snapshot));
    const remained = await remainsOn(node);
    noteTried(
      task,
      { what: `ADD and DEL of a pod in a storm, ${variant}`, times: pods, lost: told.failed.length },
      { what: `CHECK in a storm, ${variant}`, times: pods, lost: wrong.length },
      { what: `foreign rules written anew, ${variant}`, times: disturbed[0] ?? 0, lost: left.length },
      { what: `lock held for 2 s, ${variant}`, times: disturbed[1] ?? 0, lost: 0 },
    );
    expect(told.failed).toEqual([]);
    expect(wrong).toEqual([]);
    expect(left).toEqual([]);
    expect(foreign(snapshot)).toEqual(foreign(before));
    expect(remained).toEqual(remainedBefore);
  },
);

import { expect, test } from "vitest";
import { callPlugin } from "../lib/binary.ts";
import { pluginConf, pluginEnv } from "../lib/chain.ts";
import { patience, rounds } from "../lib/long.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { difference, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { type Added, bandwidth, loopback, mapping, portmap, Stage } from "../lib/stage.ts";
import type { IptablesVariant } from "../lib/tools.ts";
import { noteTried } from "../lib/tried-table.ts";
import "../runtimes/lib/shows.ts";
import { remainsOn } from "./remains.ts";

const times = rounds(12, 2000);
/** Rounds at either end that are compared. */
const sample = rounds(6, 100);
const limits = { ingressRate: 8e6, ingressBurst: 8e6, egressRate: 8e6, egressBurst: 8e6 };
const chained = [portmap(), bandwidth(), loopback];

/** Calls our plugins of the chain for a pod whose base network stays, and gives the milliseconds that took. */
async function call(stage: Stage, { attachment, result }: Added, verb: "ADD" | "DEL"): Promise<number> {
  const began = performance.now();
  for (const entry of verb === "ADD" ? chained : chained.toReversed()) {
    const { exitCode, stdout } = await callPlugin(stage.node, {
      binary: plugin(entry.type),
      env: pluginEnv(verb, attachment, plugins),
      stdin: pluginConf(stage.chain.conf, entry, attachment, result),
    });
    if (exitCode !== 0) throw new Error(`${entry.type} ${verb}: ${stdout}`);
  }
  return performance.now() - began;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const cases: readonly (readonly [IptablesVariant, string])[] = [
  ["nft", "iptables"],
  ["legacy", "iptables"],
  ["nft", "nftables"],
];

test.for(cases)(
  "round after round leaves nothing, %s, backend %s",
  { timeout: patience(60_000) },
  async ([iptables, backend], { task }) => {
    await using stage = await Stage.set({ iptables, chained: [] });
    const capabilityArgs = {
      portMappings: [mapping(8080, 80), mapping(8081, 53, { protocol: "udp" })],
      bandwidth: limits,
    };
    const web = await stage.add("web", capabilityArgs);
    chained[0] = portmap({ backend });
    // Once before, so that what all containers share stands.
    await call(stage, web, "ADD");
    await call(stage, web, "DEL");
    const before = await takeSnapshot(stage.node);
    const remainedBefore = await remainsOn(stage.node);
    const taken: number[] = [];
    for (let round = 0; round < times; round += 1) {
      taken.push(await call(stage, web, "ADD"));
      await call(stage, web, "DEL");
    }
    const left = difference(before, await takeSnapshot(stage.node));
    noteTried(task, { what: `round of ADD and DEL, ${iptables}, ${backend}`, times, lost: left.length });
    const [first, last] = [median(taken.slice(0, sample)), median(taken.slice(-sample))];
    task.meta.figures = [
      `ADD of the three, ${iptables}, backend ${backend}: ${first.toFixed(1)} ms in the first ${sample} of ${times} rounds, ${last.toFixed(1)} ms in the last (medians)`,
    ];
    expect(left).toEqual([]);
    expect(withoutShared(before)).toEqual(withoutShared(await takeSnapshot(stage.node)));
    expect(await remainsOn(stage.node)).toEqual(remainedBefore);
  },
);

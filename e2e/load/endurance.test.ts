import { expect, test } from "vitest";
import { pairwiseRatios, spread } from "../bench/statistics.ts";
import { patience, rounds } from "../lib/long.ts";
import { difference, takeSnapshot } from "../lib/snapshot.ts";
import { noteTried } from "../lib/tried-table.ts";
import "../runtimes/lib/shows.ts";
import { type Ground, PodRounds } from "./pod-rounds.ts";
import { hideStateOfMachine, remainsOn } from "./remains.ts";

const times = rounds(12, 2000);
/** Rounds whose ADDs are compared with those of a fresh node. */
const sample = rounds(4, 200);
/** A dozen rounds wear nothing out, and four ADDs are no measure. */
const mostSlower = rounds(Number.POSITIVE_INFINITY, 1.5);

const grounds: readonly Ground[] = [
  { iptables: "nft", backend: "iptables" },
  { iptables: "legacy", backend: "iptables" },
  { iptables: "nft", backend: "nftables" },
];

const median = (values: readonly number[]) => spread(values).median;

test.concurrent.for(grounds)(
  "round after round leaves nothing, $iptables, backend $backend",
  { timeout: patience(120_000) },
  async (ground, { task }) => {
    await using pods = await PodRounds.set(ground);
    const { node } = pods.stage;
    await hideStateOfMachine(node);
    const [before, remainedBefore] = [await takeSnapshot(node), await remainsOn(node)];
    const workBefore = await pods.work();
    const taken: number[] = [];
    while (taken.length < times) taken.push(await pods.round());
    const left = difference(before, await takeSnapshot(node));
    const remained = await remainsOn(node);
    const work = await pods.work();

    // Others use the machine meanwhile, so the end is not measured against the start, but pair by pair against a node
    // that is at its start: what slows the one down slows the other.
    await using fresh = await PodRounds.set(ground);
    // Listing makes the tables of both variants, and with them portmap has more to look at.
    await takeSnapshot(fresh.stage.node);
    const [worn, unworn]: [number[], number[]] = [[], []];
    while (worn.length < sample) {
      worn.push(await pods.round());
      unworn.push(await fresh.round());
    }
    const slower = median(pairwiseRatios(worn, unworn));

    const name = `${ground.iptables}, backend ${ground.backend}`;
    noteTried(task, { what: `round of ADD and DEL, ${name}`, times, lost: left.length });
    task.meta.figures = [
      `ADD of the three, ${name}: ${median(taken.slice(0, sample)).toFixed(1)} ms in the first ${sample} of ${times} rounds, ${median(taken.slice(-sample)).toFixed(1)} ms in the last (medians); behind them ${slower.toFixed(3)} times that of a fresh node beside it (median of ${sample} pairs); a round is ${work.processes} processes and ${work.transactions} transactions`,
    ];
    expect(left).toEqual([]);
    expect(remained).toEqual(remainedBefore);
    expect(work.processes).toBe(workBefore.processes);
    // The two families' iptables-nft see each other's changes, and now and then look again.
    expect(work.transactions).toBeLessThan(1.5 * workBefore.transactions);
    expect(slower).toBeLessThan(mostSlower);
  },
);

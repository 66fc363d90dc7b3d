import { expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import { mapping, portmap, Stage } from "../lib/stage.ts";
import { noteTried } from "../lib/tried-table.ts";
import { flush } from "./disturbers.ts";
import { Refusals } from "./refusals.ts";
import { inWorkers } from "./workers.ts";

const times = rounds(40, 400);
const grounds = [
  { iptables: "nft", backend: "iptables" },
  { iptables: "legacy", backend: "iptables" },
  { iptables: "nft", backend: "nftables" },
] as const;

test.for(grounds)(
  "pods come and go while somebody flushes all rules, $iptables, backend $backend",
  { timeout: patience(120_000) },
  async ({ iptables, backend }, { task }) => {
    await using stage = await Stage.set({ iptables, chained: [] });
    const refusals = new Refusals(stage, portmap({ backend }), await stage.add("web", {}));
    const call = (verb: "ADD" | "DEL", number: number) =>
      refusals.call(verb, {
        containerId: `pod-${number}`,
        capabilityArgs: { portMappings: [mapping(10_000 + number, 80)] },
      });
    const disturber = await flush(stage.node);
    const pods = Array.from({ length: times }, (_, number) => number);
    await inWorkers(pods, 6, async (number) => {
      await call("ADD", number);
      await call("DEL", number);
    });
    const flushed = await disturber.stop();
    const name = `${iptables}, backend ${backend}`;
    noteTried(task, {
      what: `ADD and DEL beside ${flushed} flushes, ${name}`,
      times,
      lost: refusals.all.length,
    });
    expect(flushed).toBeGreaterThan(0);
    expect(refusals.all).toEqual([]);
  },
);

import { expect, test } from "vitest";
import type { Situation } from "./situation.ts";
import { type Watched, watch } from "./watch.ts";

const patience = { lost: 250, gone: 5000, orphan: 1500 };
const well: Situation = {
  living: [],
  rules: [],
  limits: [],
  orphanRules: [],
  orphanIfbs: [],
  devices: [],
  problems: [],
};
const orphan: Situation = { ...well, orphanIfbs: [{ ifb: "bwp1", proof: "", veths: [] }] };

/** A watch over situations, a tick each, that ends when they do; a clock of its own. */
async function watched(situations: readonly (Situation | Error)[], rings: (tick: number) => boolean) {
  const stop = new AbortController();
  let [tick, clock] = [0, 0];
  const log: string[] = [];
  const ports: Watched = {
    alarm: { rang: () => ({ rules: rings(tick), limits: rings(tick) }), close() {} },
    async look() {
      log.push(`look ${clock}`);
      const situation = situations[tick] ?? well;
      if (situation instanceof Error) throw situation;
      return situation;
    },
    async act(_situation, items) {
      log.push(`act ${clock}`);
      return items.map((item) => ({ item }));
    },
    report() {},
    complain: (text) => log.push(text),
    now: () => clock,
    async pause(ms) {
      clock += ms;
      tick += 1;
      if (tick >= situations.length) stop.abort();
    },
  };
  await watch(ports, patience, stop.signal);
  return log;
}

test("nobody looks while nothing rings", async () => {
  expect(await watched([orphan, orphan, orphan], () => false)).toEqual([]);
});

test("one ring is enough: what was seen is looked at until it is repaired", async () => {
  const log = await watched(Array(20).fill(orphan), (tick) => tick === 0);
  expect(log.filter((line) => line.startsWith("act"))).toEqual(["act 1500"]);
  expect(log.at(-1)).toBe("act 1500");
});

test("a look that fails is told of once, and the watch goes on", async () => {
  const log = await watched([new Error("no"), new Error("no"), well], () => true);
  expect(log.filter((line) => line === "no")).toHaveLength(1);
  expect(log.at(-1)).toMatch(/^look/);
});

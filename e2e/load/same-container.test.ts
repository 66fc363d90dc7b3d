import { expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import { bandwidth, mapping, portmap, Stage } from "../lib/stage.ts";
import { iptablesVariants } from "../lib/tools.ts";
import { noteTried } from "../lib/tried-table.ts";
import { Refusals } from "./refusals.ts";

const times = rounds(12, 100);
const portMappings = [mapping(8080, 80), mapping(8081, 53, { protocol: "udp" })];

/** Chains of containers that nothing leads to. */
const cutOff = (saved: string) =>
  [...saved.matchAll(/^:(CNI-DN-\S+)/gm)].flatMap(([, chain = ""]) =>
    saved.includes(`-j ${chain}`) ? [] : [chain],
  );

test.concurrent.for(iptablesVariants)(
  "an ADD and a DEL of one container at once leave all of it or nothing, %s",
  { timeout: patience(120_000) },
  async (iptables, { task }) => {
    await using stage = await Stage.set({ iptables, chained: [] });
    const refusals = new Refusals(stage, portmap(), await stage.add("web", { portMappings }));
    const lost = refusals.all;
    const saves = ["iptables-save", "ip6tables-save"].map((tool) => [tool, "-t", "nat"]);
    for (let round = 0; round < times; round += 1) {
      // Half of the DELs find the container, the others meet it on its way in.
      if (round % 2 === 0) await refusals.call("ADD");
      await Promise.all([refusals.call("ADD"), refusals.call("DEL")]);
      for (const save of saves) lost.push(...cutOff(await stage.node.run(save)));
      await refusals.call("ADD");
      await refusals.call("CHECK");
      await refusals.call("DEL");
    }
    noteTried(task, {
      what: `ADD and DEL of one container at once, ${iptables}`,
      times,
      lost: refusals.all.length,
    });
    expect(refusals.all).toEqual([]);
  },
);

test("ADDs and a DEL of one container at once leave all of its limits or none, and all succeed", {
  timeout: patience(120_000),
}, async ({ task }) => {
  await using stage = await Stage.set({ chained: [] });
  const mbit = 1_000_000;
  const limits = { ingressRate: mbit, ingressBurst: mbit, egressRate: mbit, egressBurst: mbit };
  const refusals = new Refusals(stage, bandwidth(), await stage.add("web", { bandwidth: limits }));
  for (let round = 0; round < times; round += 1) {
    await Promise.all([refusals.call("ADD"), refusals.call("ADD")]);
    await refusals.call("CHECK");
    await Promise.all([refusals.call("ADD"), refusals.call("DEL")]);
    await refusals.call("ADD");
    await refusals.call("CHECK");
    await refusals.call("DEL");
  }
  noteTried(task, {
    what: "ADD and ADD, ADD and DEL of one container's limits at once",
    times,
    lost: refusals.all.length,
  });
  expect(refusals.all).toEqual([]);
});

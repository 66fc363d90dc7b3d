import { expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import { mapping, portmap, Stage } from "../lib/stage.ts";
import { iptablesVariants } from "../lib/tools.ts";
import { noteTried } from "../lib/tried-table.ts";
import { Refusals } from "./refusals.ts";

const times = rounds(10, 300);
const pods = [0, 1];
const forgetAll =
  "for tool in iptables ip6tables; do for table in nat raw; do $tool -w -t $table -F; $tool -w -t $table -X; done; done";

test.concurrent.for(iptablesVariants)(
  "the first pods of a node, added at once, make what they share once, %s",
  { timeout: patience(120_000) },
  async (iptables, { task }) => {
    await using stage = await Stage.set({ iptables, chained: [] });
    const refusals = new Refusals(stage, portmap(), await stage.add("web", {}));
    const call = (verb: "ADD" | "CHECK", at: number) =>
      refusals.call(verb, {
        containerId: `pod-${at}`,
        capabilityArgs: { portMappings: [mapping(8080 + at, 80)] },
      });
    for (let round = 0; round < times; round += 1) {
      await stage.node.run(["sh", "-ec", forgetAll]);
      await Promise.all(pods.map((at) => call("ADD", at)));
      for (const at of pods) await call("CHECK", at);
    }
    noteTried(task, { what: `first pods of a node at once, ${iptables}`, times, lost: refusals.all.length });
    expect(refusals.all).toEqual([]);
  },
);

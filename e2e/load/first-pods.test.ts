import { expect, test } from "vitest";
import { callPlugin } from "../lib/binary.ts";
import { pluginConf, pluginEnv } from "../lib/chain.ts";
import { patience, rounds } from "../lib/long.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { mapping, portmap, Stage } from "../lib/stage.ts";
import { iptablesVariants } from "../lib/tools.ts";
import { noteTried } from "../lib/tried-table.ts";

const times = rounds(10, 300);
const pods = [0, 1];
const forgetAll =
  "for tool in iptables ip6tables; do for table in nat raw; do $tool -w -t $table -F; $tool -w -t $table -X; done; done";

test.concurrent.for(iptablesVariants)(
  "the first pods of a node, added at once, make what they share once, %s",
  { timeout: patience(120_000) },
  async (iptables, { task }) => {
    await using stage = await Stage.set({ iptables, chained: [] });
    const { node, chain } = stage;
    const { attachment, result } = await stage.add("web", {});
    const failed: string[] = [];
    const call = async (verb: "ADD" | "CHECK", at: number) => {
      const portMappings = [mapping(8080 + at, 80)];
      const pod = { ...attachment, containerId: `pod-${at}`, capabilityArgs: { portMappings } };
      const { exitCode, stdout } = await callPlugin(node, {
        binary: plugin("portmap"),
        env: pluginEnv(verb, pod, plugins),
        stdin: pluginConf(chain.conf, portmap(), pod, result),
      });
      if (exitCode !== 0) failed.push(`${verb}: ${stdout}`);
    };
    for (let round = 0; round < times; round += 1) {
      await node.run(["sh", "-ec", forgetAll]);
      await Promise.all(pods.map((at) => call("ADD", at)));
      for (const at of pods) await call("CHECK", at);
    }
    noteTried(task, { what: `first pods of a node at once, ${iptables}`, times, lost: failed.length });
    expect(failed).toEqual([]);
  },
);

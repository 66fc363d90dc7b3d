import { expect, test } from "vitest";
import { callPlugin } from "../lib/binary.ts";
import { pluginConf, pluginEnv } from "../lib/chain.ts";
import { patience, rounds } from "../lib/long.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { mapping, portmap, Stage } from "../lib/stage.ts";
import { noteTried } from "../lib/tried-table.ts";
import { flush } from "./disturbers.ts";
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
    const { node, chain } = stage;
    const { attachment, result } = await stage.add("web", {});
    const failed: string[] = [];
    const call = async (verb: "ADD" | "DEL", number: number) => {
      const portMappings = [mapping(10_000 + number, 80)];
      const pod = { ...attachment, containerId: `pod-${number}`, capabilityArgs: { portMappings } };
      const { exitCode, stdout } = await callPlugin(node, {
        binary: plugin("portmap"),
        env: pluginEnv(verb, pod, plugins),
        stdin: pluginConf(chain.conf, portmap({ backend }), pod, result),
      });
      if (exitCode !== 0) failed.push(`${verb}: ${stdout}`);
    };
    const disturber = await flush(node);
    const pods = Array.from({ length: times }, (_, number) => number);
    await inWorkers(pods, 6, async (number) => {
      await call("ADD", number);
      await call("DEL", number);
    });
    const flushed = await disturber.stop();
    const name = `${iptables}, backend ${backend}`;
    noteTried(task, { what: `ADD and DEL beside ${flushed} flushes, ${name}`, times, lost: failed.length });
    expect(flushed).toBeGreaterThan(0);
    expect(failed).toEqual([]);
  },
);

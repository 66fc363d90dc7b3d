import { expect, test } from "vitest";
import { callPlugin } from "../lib/binary.ts";
import { pluginConf, pluginEnv } from "../lib/chain.ts";
import { rounds } from "../lib/long.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { mapping, portmap, Stage } from "../lib/stage.ts";
import { iptablesVariants } from "../lib/tools.ts";
import { noteTried } from "../lib/tried-table.ts";

const times = rounds(12, 300);
const portMappings = [mapping(8080, 80), mapping(8081, 53, { protocol: "udp" })];

/** Chains of containers that nothing leads to. */
const cutOff = (saved: string) =>
  [...saved.matchAll(/^:(CNI-DN-\S+)/gm)].flatMap(([, chain = ""]) =>
    saved.includes(`-j ${chain}`) ? [] : [chain],
  );

test.concurrent.for(iptablesVariants)(
  "an ADD and a DEL of one container at once leave all of it or nothing, %s",
  async (iptables, { task }) => {
    await using stage = await Stage.set({ iptables, chained: [] });
    const { node, chain } = stage;
    const { attachment, result } = await stage.add("web", { portMappings });
    const call = (verb: "ADD" | "CHECK" | "DEL") =>
      callPlugin(node, {
        binary: plugin("portmap"),
        env: pluginEnv(verb, attachment, plugins),
        stdin: pluginConf(chain.conf, portmap(), attachment, result),
      });
    const failed: string[] = [];
    const alone = async (verb: "ADD" | "CHECK" | "DEL") => {
      const { exitCode, stdout } = await call(verb);
      if (exitCode !== 0) failed.push(`${verb}: ${stdout}`);
    };
    const saves = ["iptables-save", "ip6tables-save"].map((tool) => [tool, "-t", "nat"]);
    for (let round = 0; round < times; round += 1) {
      // Half of the DELs find the container, the others meet it on its way in.
      if (round % 2 === 0) await alone("ADD");
      await Promise.all([alone("ADD"), alone("DEL")]);
      for (const save of saves) failed.push(...cutOff(await node.run(save)));
      await alone("ADD");
      await alone("CHECK");
      await alone("DEL");
    }
    noteTried(task, {
      what: `ADD and DEL of one container at once, ${iptables}`,
      times,
      lost: failed.length,
    });
    expect(failed).toEqual([]);
  },
);

import { expect, test } from "vitest";
import { callPlugin } from "../lib/binary.ts";
import { pluginConf, pluginEnv } from "../lib/chain.ts";
import { patience, rounds } from "../lib/long.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { bandwidth, mapping, portmap, Stage } from "../lib/stage.ts";
import { iptablesVariants } from "../lib/tools.ts";
import { noteTried } from "../lib/tried-table.ts";

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

test("ADDs and a DEL of one container at once leave all of its limits or none, and all succeed", {
  timeout: patience(120_000),
}, async ({ task }) => {
  await using stage = await Stage.set({ chained: [] });
  const { node, chain } = stage;
  const mbit = 1_000_000;
  const limits = { ingressRate: mbit, ingressBurst: mbit, egressRate: mbit, egressBurst: mbit };
  const { attachment, result } = await stage.add("web", { bandwidth: limits });
  const failed: string[] = [];
  const alone = async (verb: "ADD" | "CHECK" | "DEL") => {
    const { exitCode, stdout } = await callPlugin(node, {
      binary: plugin("bandwidth"),
      env: pluginEnv(verb, attachment, plugins),
      stdin: pluginConf(chain.conf, bandwidth(), attachment, result),
    });
    if (exitCode !== 0) failed.push(`${verb}: ${stdout}`);
  };
  for (let round = 0; round < times; round += 1) {
    await Promise.all([alone("ADD"), alone("ADD")]);
    await alone("CHECK");
    await Promise.all([alone("ADD"), alone("DEL")]);
    await alone("ADD");
    await alone("CHECK");
    await alone("DEL");
  }
  noteTried(task, {
    what: "ADD and ADD, ADD and DEL of one container's limits at once",
    times,
    lost: failed.length,
  });
  expect(failed).toEqual([]);
});

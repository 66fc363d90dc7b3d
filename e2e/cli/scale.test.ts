import { describe, expect, test } from "vitest";
import { kubeProxyRules } from "../bench/foreign-rules.ts";
import { patience, rounds } from "../lib/long.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { bandwidth, portmap, Stage, type StageOptions } from "../lib/stage.ts";
import "../runtimes/lib/shows.ts";
import { cacheDir } from "./cached.ts";
import { crowd } from "./crowd.ts";

const few = 20;
const many = rounds(40, 250);
const foreignRules = rounds(2000, 10_000);

const tool = plugin("cni-chain");
const [confDir, pluginDir] = ["/run/net.d", "/run/plugins"];
const commands = {
  list: ["list", "--cache-dir", cacheDir],
  doctor: ["doctor", "--conf-dir", confDir, "--plugin-dir", pluginDir, "--cache-dir", cacheDir],
  repair: ["repair", "--dry-run", "--cache-dir", cacheDir],
} as const;

const chained = [portmap(), bandwidth()];
/** Ways to hold the rules, and how somebody loses them all. */
const ways: readonly (readonly [name: string, options: StageOptions, flush: string])[] = [
  ["iptables-nft", { iptables: "nft", chained }, "nft flush ruleset"],
  ["iptables-legacy", { iptables: "legacy", chained }, flushTables("legacy")],
  [
    "nftables",
    { iptables: "nft", chained: [portmap({ backend: "nftables" }), bandwidth()] },
    "nft flush ruleset",
  ],
  [
    // Where the other variant has a table mangle, kubelet's marks are looked for in it.
    "iptables-nft beside tables of iptables-legacy",
    { iptables: "nft", chained },
    "nft flush ruleset",
  ],
];

function flushTables(variant: string): string {
  return ["nat", "raw"]
    .flatMap((table) => ["-F", "-X"].map((flag) => `iptables-${variant} -t ${table} ${flag}`))
    .join("\n");
}

/** A node with a network of our plugins, which are installed, and rules as kube-proxy has them. */
async function set(options: StageOptions): Promise<Stage> {
  const stage = await Stage.set(options);
  const script = [
    `mkdir -p ${confDir} ${pluginDir}`,
    `cat > ${confDir}/10-net.conflist`,
    `ln -s ${plugins}/* ${pluginDir}/ && ln -s /bin/true ${pluginDir}/base`,
  ];
  await stage.node.run(["sh", "-ec", script.join("\n")], { stdin: JSON.stringify(stage.chain.conf) });
  return stage;
}

const layForeignRules = ({ node }: Stage) =>
  node.run(["iptables-restore", "--noflush"], { stdin: kubeProxyRules(foreignRules) });

/** Every program that each of the commands starts, itself among them. */
async function started({ node }: Stage): Promise<Readonly<Record<string, readonly string[]>>> {
  const found: Record<string, readonly string[]> = {};
  for (const [name, line] of Object.entries(commands)) {
    // A file for each process: in one for all, calls are cut where another process comes between.
    await node.run(["sh", "-ec", "rm -rf /run/trace && mkdir /run/trace"]);
    await node.try(["strace", "-ff", "-qq", "-e", "trace=execve", "-o", "/run/trace/of", tool, ...line]);
    const calls = (await node.run(["sh", "-ec", "cat /run/trace/of.*"])).split("\n");
    found[name] = calls.flatMap((call) => /execve\(".*\/([^"/]+)", \[.*\) = 0$/.exec(call)?.[1] ?? []).sort();
  }
  return found;
}

/** Milliseconds and CPU milliseconds of a command, the best of three. */
async function timed({ node }: Stage, line: readonly string[]): Promise<string> {
  const script = `TIMEFORMAT='%R %U %S'; for at in 1 2 3; do time "$@" >/dev/null; done`;
  const { stderr } = await node.try(["bash", "-c", script, "bash", tool, ...line]);
  const times = [...stderr.matchAll(/^([\d.]+) ([\d.]+) ([\d.]+)$/gm)].map(([, ...all]) => all.map(Number));
  const best = (of: (one: readonly number[]) => number) => Math.round(1000 * Math.min(...times.map(of)));
  return `${best(([wall = 0]) => wall)} ms (CPU ${best(([, user = 0, system = 0]) => user + system)} ms)`;
}

describe.each(ways)("%s", (name, options, flush) => {
  test(`${many} pods cost no process more than ${few}, with all rules there or none`, {
    timeout: patience(120_000, 600_000),
  }, async ({ task }) => {
    await using stage = await set(options);
    if (name.includes("beside")) await stage.node.run(["iptables-legacy", "-t", "mangle", "-S"]);
    await layForeignRules(stage);
    await crowd(stage, { to: few });
    const withFew = await started(stage);
    await stage.node.run(["sh", "-ec", flush]);
    const lostWithFew = await started(stage);

    await layForeignRules(stage);
    await crowd(stage, { from: few, to: many });
    expect(await started(stage)).toEqual(withFew);
    expect(withFew["doctor"]).toContain("cni-chain");

    const listed = JSON.parse(await stage.node.run([tool, ...commands.list, "--json"]));
    expect([listed.ports.length, listed.limits.length]).toEqual([2 * many, many]);
    const doctor = await stage.node.try([tool, ...commands.doctor]);
    expect(doctor.stdout).toContain("every attachment of the cache is as ADD left it");
    expect((await stage.node.run([tool, ...commands.repair])).trim()).toBe("nothing to repair");
    // What is read at once for all is still told of each.
    await stage.node.run(["tc", "qdisc", "delete", "dev", "veth7", "root"]);
    const harmed = JSON.parse((await stage.node.try([tool, ...commands.doctor, "--json"])).stdout);
    expect(harmed.findings.filter(({ severity }: { severity: string }) => severity !== "ok")).toMatchObject([
      {
        check: "attachments",
        what: expect.stringMatching(/^veth7: /),
        where: expect.stringContaining("default/pod7 "),
      },
    ]);
    await stage.node.run([tool, "repair", "--cache-dir", cacheDir]);

    const figures: string[] = [];
    for (const [command, line] of Object.entries(commands)) {
      const what = `${command}, ${name}, ${many} pods, ${foreignRules} foreign rules`;
      figures.push(`${what}: ${await timed(stage, line)}`);
    }
    task.meta.figures = figures;

    await stage.node.run(["sh", "-ec", flush]);
    expect(await started(stage)).toEqual(lostWithFew);
    expect((await stage.node.try([tool, ...commands.doctor])).exitCode).toBe(2);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addCached, cacheDir } from "../cli/cached.ts";
import { hostVeth } from "../lib/base-plugin.ts";
import { callPlugin } from "../lib/binary.ts";
import { pluginEnv } from "../lib/chain.ts";
import { rounds } from "../lib/long.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import type { Finished } from "../lib/process.ts";
import { difference, type Snapshot, takeSnapshot, withoutShared } from "../lib/snapshot.ts";
import { type Added, bandwidth, loopback, mapping, portmap, Stage } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { noteTried } from "../lib/tried-table.ts";
import { plantForeign } from "./lib/foreign.ts";

// On a node where others have links, rules and qdiscs of the oddest names, and some that look like ours: nothing of theirs
// goes, nothing of ours is lost, and nothing they wrote reaches a terminal as it is.

const limits = { ingressRate: 80e6, ingressBurst: 8e6, egressRate: 80e6, egressBurst: 8e6 };
const wishes = (hostPort: number) => ({ portMappings: [mapping(hostPort, 80)], bandwidth: limits });
/** H("net" + "web"): packages/portmap/src/iptables/chains.ts. */
const chain = `CNI-DN-${new Bun.CryptoHasher("sha512").update("netweb").digest("hex")}`.slice(0, 28);

describe.each(["iptables", "nftables"])("%s", (backend) => {
  let stage: Stage;
  let web: Added;
  let planted: Snapshot;
  const tool = (...line: readonly string[]) =>
    stage.node.try([plugin("cni-chain"), ...line, "--cache-dir", cacheDir]);

  beforeAll(async () => {
    stage = await Stage.set({ chained: [portmap({ backend }), bandwidth(), loopback] });
    web = await addCached(stage, "web", wishes(8080));
    await serve(web.pod, "web", 80);
    await plantForeign(stage.node, hostVeth(web.attachment));
    planted = await takeSnapshot(stage.node);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  /** What was lost since, in a few words each. */
  async function losses(before = planted): Promise<string[]> {
    const lost = [...difference(before, await takeSnapshot(stage.node))];
    await stage.chain.check(web.attachment).catch((error: unknown) => lost.push(`CHECK: ${error}`));
    if ((await ask(stage.uplink.host, stage.uplink.node4, 8080))?.server !== "web") lost.push("no answer");
    return lost;
  }

  test("the tool looks, and repairs nothing", async ({ task }) => {
    const looks = ["list", "list --json", "doctor --json", "repair --dry-run --json"];
    const others = [
      ...["top --json --once --interval 0.1", "doctor", "repair --dry-run"],
      ...["explain 9999/tcp", "explain 8080/tcp", "explain 8080/tcp --json"],
    ];
    const lines = [
      ...looks,
      ...(backend === "iptables" ? others : others.slice(0, rounds(1, others.length))),
      "repair",
    ];
    const lost: string[] = [];
    for (const [at, line] of lines.entries()) {
      const answer = await tool(...line.split(" "));
      const after = at === lines.length - 1 || rounds(0, 1) === 1 ? await losses() : [];
      lost.push(...[...flaws(answer, line.includes("--json")), ...after].map((what) => `${line}: ${what}`));
      if (line === "repair" && answer.stdout !== "nothing to repair\n") lost.push(answer.stdout);
    }
    noteTried(task, {
      what: "commands of the tool beside what looks like ours",
      times: lines.length,
      lost: lost.length,
    });
    expect(lost).toEqual([]);
  });

  test("GC keeps what is valid, and what is others'", async ({ task }) => {
    const lost: string[] = [];
    // Whose chain it is, is in its name: what else leads there is not the chain's owner.
    const entry = [
      "CNI-HOSTPORT-DNAT",
      "-p",
      "tcp",
      "-m",
      "comment",
      "--comment",
      'dnat name: "net" id: "dead"',
      "-j",
      chain,
    ];
    if (backend === "iptables") await stage.node.run(["iptables", "-t", "nat", "-A", ...entry]);
    for (const type of ["portmap", "bandwidth", "loopback"]) {
      const { exitCode, stdout, stderr } = await callPlugin(stage.node, {
        binary: plugin(type),
        env: pluginEnv("GC", { containerId: "", ifname: "", netns: "" }, plugins),
        stdin: {
          ...{ type, backend, name: "net", cniVersion: "1.1.0" },
          "cni.dev/valid-attachments": [{ containerID: "web", ifname: "eth0" }],
        },
      });
      if (exitCode !== 0 || stdout + stderr !== "") lost.push(`${type}: ${stdout}${stderr}`);
    }
    if (backend === "iptables") await stage.node.run(["iptables", "-t", "nat", "-D", ...entry]);
    lost.push(...(await losses()));
    noteTried(task, { what: "GC beside what looks like ours", times: 3, lost: lost.length });
    expect(lost).toEqual([]);
  });

  test("another pod comes and goes", async ({ task }) => {
    const before = withoutShared(planted);
    const other = await stage.add("other", wishes(8081));
    await serve(other.pod, "other", 80);
    const lost: string[] = [];
    await stage.chain.check(other.attachment).catch((error: unknown) => lost.push(`CHECK: ${error}`));
    if ((await ask(stage.uplink.host, stage.uplink.node4, 8081))?.server !== "other") lost.push("no answer");
    await stage.chain.del(other.attachment);
    await stage.chain.del(other.attachment);
    lost.push(...difference(before, withoutShared(await takeSnapshot(stage.node))));
    noteTried(task, { what: "pods that come and go beside it", times: 1, lost: lost.length });
    expect(lost).toEqual([]);
  });

  test("with the last pod goes what leads to it, and nothing else", async ({ task }) => {
    const veth = hostVeth(web.attachment);
    const ifb = web.result.interfaces?.find(({ name }) => name.startsWith("bwp"))?.name ?? "";
    await stage.chain.del(web.attachment);
    const isOwn = (line: string) =>
      line.startsWith("- ") &&
      [chain, veth, ifb, "dnat to 10.88.", "10.88.0.2", "fd00:88::2"].some((own) => line.includes(own));
    const changes = difference(withoutShared(planted), withoutShared(await takeSnapshot(stage.node)));
    const lost = changes.filter((line) => !isOwn(line));
    noteTried(task, { what: "the last pod's DEL beside it", times: 1, lost: lost.length });
    expect(lost).toEqual([]);
    expect(changes.length).toBeGreaterThan(5);
  });
});

/** What somebody else has written must not steer a terminal, turn a line round or end it. */
const steering = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

function flaws({ exitCode, stdout, stderr }: Finished, isJson: boolean): string[] {
  const found: string[] = [];
  const steers = steering.exec(stdout + stderr);
  if (steers !== null)
    found.push(
      `${JSON.stringify(steers[0])} in ${(stdout + stderr).slice(Math.max(0, steers.index - 80), steers.index + 20)}`,
    );
  if (/^\s+at .+:\d+/m.test(stderr)) found.push(`a stack trace: ${stderr}`);
  if (exitCode > 2) found.push(`exit code ${exitCode}: ${stderr}`);
  if (isJson) {
    try {
      JSON.parse(stdout);
    } catch {
      found.push(`no JSON: ${stdout}${stderr}`);
    }
  }
  return found;
}

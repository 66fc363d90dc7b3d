import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { callPlugin } from "../lib/binary.ts";
import { pluginConf, pluginEnv } from "../lib/chain.ts";
import type { Attachment, ConfList, PluginConf, ResultDocument } from "../lib/cni.ts";
import type { Pod } from "../lib/node.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { difference, takeSnapshot } from "../lib/snapshot.ts";
import { bandwidth, mapping, portmap, Stage, type StageOptions } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { cacheDir, writeEntry } from "./cached.ts";
import { type Change, factsOfDifference, factsOfPlan, sorted } from "./plan-facts.ts";

const tool = plugin("cni-chain");
const limits = {
  ingressRate: 10_000_000,
  ingressBurst: 500_000,
  egressRate: 1_000_000,
  egressBurst: 200_000,
};
const ports = [
  mapping(8080, 80),
  mapping(5353, 53, { protocol: "udp" }),
  mapping(8081, 80, { hostIP: "127.0.0.1" }),
];

/** A node with a pod on the base network alone, and our plugins still to come. */
class Scene implements AsyncDisposable {
  readonly stage: Stage;
  readonly list: ConfList;
  readonly pod: Pod;
  readonly attachment: Attachment;
  readonly base: ResultDocument;

  private constructor(stage: Stage, list: ConfList, pod: Pod, attachment: Attachment, base: ResultDocument) {
    [this.stage, this.list, this.pod] = [stage, list, pod];
    [this.attachment, this.base] = [attachment, base];
  }

  static async set(
    chained: readonly PluginConf[],
    capabilityArgs: object,
    options: StageOptions = {},
  ): Promise<Scene> {
    const stage = await Stage.set({ ...options, chained: [] });
    const { pod, attachment, result } = await stage.add("web");
    const list = { cniVersion: "1.1.0", name: "net", plugins: [{ type: "base" }, ...chained] };
    const scene = new Scene(
      stage,
      list,
      pod,
      { ...attachment, capabilityArgs: { ...capabilityArgs } },
      result,
    );
    await scene.write("/run/net.conflist", list);
    await scene.write("/run/base.json", result);
    return scene;
  }

  /** Puts a document on the node. */
  async write(path: string, document: unknown): Promise<void> {
    await this.stage.node.run(["sh", "-c", `cat >${path}`], { stdin: JSON.stringify(document) });
  }

  /** Writes the entry that libcni would have written after ADD. */
  async cache(result: ResultDocument): Promise<void> {
    await writeEntry(this.stage, { ...this.attachment, config: this.list, result });
  }

  async run(...args: readonly string[]) {
    return this.stage.node.try([tool, "plan", ...args, "--cache-dir", cacheDir]);
  }

  async document(
    ...args: readonly string[]
  ): Promise<{ changes: Change[]; notPlanned: string[]; warnings: string[] }> {
    const { exitCode, stdout, stderr } = await this.run(...args, "--json");
    if (exitCode !== 0) throw new Error(`exit code ${exitCode}\n${stdout}${stderr}`);
    return JSON.parse(stdout);
  }

  planAdd(...more: readonly string[]) {
    const capabilities = Object.entries(this.attachment.capabilityArgs ?? {}).flatMap(([name, value]) => [
      "--capability",
      `${name}=${JSON.stringify(value)}`,
    ]);
    const place = ["--id", "web", "--netns", this.attachment.netns, "--prev-result", "/run/base.json"];
    return ["add", "/run/net.conflist", ...place, ...capabilities, ...more] as const;
  }

  /** Runs our plugins as libcni does, and gives the last result. */
  async add(): Promise<ResultDocument> {
    let result = this.base;
    for (const conf of this.list.plugins.slice(1)) result = await this.call("ADD", conf, result);
    await this.cache(result);
    return result;
  }

  async del(result: ResultDocument): Promise<void> {
    for (const conf of this.list.plugins.slice(1).toReversed()) await this.call("DEL", conf, result);
  }

  private async call(verb: string, conf: PluginConf, result: ResultDocument): Promise<ResultDocument> {
    const { exitCode, json, stderr } = await callPlugin(this.stage.node, {
      binary: join(plugins, conf.type),
      env: pluginEnv(verb, this.attachment, plugins),
      stdin: pluginConf(this.list, conf, this.attachment, result),
    });
    if (exitCode !== 0) throw new Error(`${conf.type} ${verb}: ${JSON.stringify(json)} ${stderr}`);
    return json as ResultDocument;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stage[Symbol.asyncDispose]();
  }
}

const situations = [
  { name: "iptables-nft", iptables: "nft", chained: [portmap(), bandwidth()] },
  { name: "iptables-legacy", iptables: "legacy", chained: [portmap(), bandwidth()] },
  { name: "nftables", iptables: "nft", chained: [portmap({ backend: "nftables" }), bandwidth()] },
  { name: "iptables without snat", iptables: "nft", chained: [portmap({ snat: false })] },
  { name: "limits alone", iptables: "nft", chained: [bandwidth()] },
] as const;

describe.each(situations)("$name", ({ iptables, chained }) => {
  const wanted = { portMappings: ports, bandwidth: limits };
  const argsFor = () =>
    Object.fromEntries(
      Object.entries(wanted).filter(([name]) => chained.some((conf) => conf.capabilities?.[name] === true)),
    );

  test("what plan says of an ADD and a DEL is what they do, and plan itself does nothing", async () => {
    await using scene = await Scene.set(chained, argsFor(), { iptables });
    const { node } = scene.stage;
    const before = await takeSnapshot(node);
    const add = await scene.document(...scene.planAdd());
    for (const format of ["text", "commands"])
      expect(await scene.run(...scene.planAdd("--format", format))).toMatchObject({ exitCode: 0 });
    expect(difference(before, await takeSnapshot(node))).toEqual([]);
    expect(add.notPlanned).toEqual(["base"]);

    const result = await scene.add();
    const added = await takeSnapshot(node);
    expect(sorted(factsOfPlan(add.changes, iptables))).toEqual(factsOfDifference(difference(before, added)));
    expect(add.changes.length).toBeGreaterThan(3);

    expect((await scene.document(...scene.planAdd())).changes).toEqual([]);
    expect((await scene.document("add", "/run/net.conflist", "--id", "web")).changes).toEqual([]);

    const del = await scene.document("del", "/run/net.conflist", "--id", "web");
    expect(difference(added, await takeSnapshot(node))).toEqual([]);
    await scene.del(result);
    const deleted = await takeSnapshot(node);
    expect(sorted(factsOfPlan(del.changes, iptables))).toEqual(factsOfDifference(difference(added, deleted)));
    expect((await scene.document("del", "/run/net.conflist", "--id", "web")).changes).toEqual([]);
  });

  test("the commands of a plan, run on another node, leave what ADD leaves", async () => {
    await using scene = await Scene.set(chained, argsFor(), { iptables });
    await using other = await Scene.set(chained, argsFor(), { iptables });
    const { stdout: script } = await scene.run(...scene.planAdd("--format", "commands"));
    await other.stage.node.run(["sh", "-s"], { stdin: script });
    await scene.add();
    const [wanted, made] = [await takeSnapshot(scene.stage.node), await takeSnapshot(other.stage.node)];
    const isMac = (line: string) => / links: /.test(line);
    expect(difference(wanted, made).filter((line) => !isMac(line))).toEqual([]);
    const names = (lines: readonly string[] = []) => lines.map((line) => line.split(":")[0]).sort();
    expect(names(made.get("links"))).toEqual(names(wanted.get("links")));
    if (chained.some(({ type }) => type === "portmap")) {
      await serve(other.pod, "web", 80);
      const { uplink } = other.stage;
      expect(await ask(uplink.host, uplink.node4, 8080)).toMatchObject({ server: "web" });
    }
  });
});

test("an ADD for a container that is not there yet", async () => {
  await using stage = await Stage.set({ chained: [] });
  const list = { cniVersion: "1.1.0", name: "net", plugins: [{ type: "bridge" }, portmap(), bandwidth()] };
  await stage.node.run(["sh", "-c", "cat >/run/net.conflist"], { stdin: JSON.stringify(list) });
  const plan = (...more: readonly string[]) =>
    stage.node.try([tool, "plan", "add", "/run/net.conflist", "--cache-dir", cacheDir, ...more]);
  const before = await takeSnapshot(stage.node);

  const unknown = await plan("-p", "8080:80");
  expect(unknown).toMatchObject({ exitCode: 1, stdout: "" });
  for (const words of ["--ip", "--host-device", "--prev-result"]) expect(unknown.stderr).toContain(words);

  const ports = await plan("-p", "8080:80", "--ip", "10.88.0.77/24");
  expect(ports).toMatchObject({ exitCode: 0 });
  expect(ports.stdout).toMatch(/DNAT --to-destination 10\.88\.0\.77:80/);
  expect(ports.stdout).toMatch(/cni0\/route_localnet: 0 -> 1/);
  expect(ports.stdout).toContain("not planned: bridge");

  const noDevice = await plan("--ingress-bandwidth", "10M", "--ip", "10.88.0.77/24");
  expect(noDevice.exitCode).toBe(1);
  expect(noDevice.stderr).toContain("bandwidth would fail");
  const limits = await plan(
    "--ingress-bandwidth",
    "10M",
    "--egress-bandwidth",
    "1M",
    "--ip",
    "10.88.0.77/24",
    "--host-device",
    "veth77",
  );
  expect(limits).toMatchObject({ exitCode: 0 });
  expect(limits.stdout).toMatch(/\+ veth77: qdisc tbf 1: root rate 10000000 bit\/s/);
  expect(limits.stdout).toMatch(/\+ link bwp[0-9a-f]{12} type ifb/);
  expect(difference(before, await takeSnapshot(stage.node))).toEqual([]);
});

test("a port somebody else has, and what would be refused", async () => {
  await using scene = await Scene.set([portmap({ onConflict: "refuse" })], {
    portMappings: [mapping(8080, 80)],
  });
  await scene.add();
  const plan = await scene.run(
    "add",
    "/run/net.conflist",
    "--ip",
    "10.88.0.99/24",
    "-p",
    "8080:80",
    "--id",
    "late",
  );
  expect(plan.exitCode).toBe(1);
  expect(plan.stderr).toMatch(
    /portmap would fail: hostPort 8080\/tcp is held by container web on network net/,
  );
});

test("UDP flows that would be ended are told, and are not ended", async () => {
  await using scene = await Scene.set([portmap()], {
    portMappings: [mapping(5353, 53, { protocol: "udp" })],
  });
  const { node, uplink } = scene.stage;
  await serve(scene.pod, "web", 53, "udp");
  const result = await scene.add();
  const flow = { protocol: "udp", sourcePort: 40_000 } as const;
  expect(await ask(uplink.host, uplink.node4, 5353, flow)).toMatchObject({ server: "web" });
  const flows = () => node.run(["conntrack", "-L", "-p", "udp", "--orig-port-dst", "5353"]);
  expect(await flows()).toContain("dport=5353");
  const del = await scene.document("del", "/run/net.conflist", "--id", "web");
  expect(del.changes).toContainEqual({
    action: "remove",
    kind: "flow",
    where: "conntrack",
    what: `udp flows to ${uplink.node4} port 5353`,
  });
  expect(await flows()).toContain("dport=5353");
  await scene.del(result);
  expect(await flows()).not.toContain("dport=5353");
});

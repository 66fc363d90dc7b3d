import { describe, expect, test } from "vitest";
import { Chain } from "../lib/chain.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { reference, whyNoReference } from "../lib/reference.ts";
import { difference, type Snapshot, takeSnapshot } from "../lib/snapshot.ts";
import { bandwidth, mapping, portmap, Stage, type StageOptions } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { addCached, cacheDir } from "./cached.ts";

const tool = plugin("cni-chain");
const limits = {
  ingressRate: 10_000_000,
  ingressBurst: 500_000,
  egressRate: 8_000_000,
  egressBurst: 400_000,
};

/** Ways to hold the rules, and how somebody loses them all. */
const ways: readonly (readonly [name: string, options: StageOptions, flush: string])[] = [
  ["iptables-nft", { iptables: "nft" }, "nft flush ruleset"],
  ["iptables-legacy", { iptables: "legacy" }, flushTables("legacy")],
  ["nftables", { iptables: "nft", chained: [portmap({ backend: "nftables" })] }, "nft flush ruleset"],
];

function flushTables(variant: string): string {
  return ["iptables", "ip6tables"]
    .flatMap((ip) =>
      ["nat", "raw"].flatMap((table) => ["-F", "-X"].map((flag) => `${ip}-${variant} -t ${table} ${flag}`)),
    )
    .join("\n");
}

const repair = (stage: Stage, ...args: readonly string[]) =>
  stage.node.try([tool, "repair", "--cache-dir", cacheDir, ...args]);

/** The containers' entries as the kernel comes to them. */
const order = (stage: Stage) =>
  stage.node.run([
    "sh",
    "-c",
    "if nft list table ip cni_hostport >/dev/null 2>&1; then nft -s list chain ip cni_hostport hostports; else iptables -t nat -S CNI-HOSTPORT-DNAT; fi",
  ]);

describe.each(ways)("%s", (_name, options, flush) => {
  test("a port answers again after a flush, and everything is as ADD left it", async () => {
    await using stage = await Stage.set({
      ...options,
      chained: [...(options.chained ?? [portmap()]), bandwidth()],
    });
    const ports = (hostPort: number) => ({
      portMappings: [mapping(hostPort, 80), mapping(hostPort, 53, { protocol: "udp" })],
      bandwidth: limits,
    });
    const web = await addCached(stage, "web", ports(8080), { age: 60 });
    await addCached(stage, "other", ports(8090), { age: 30 });
    await serve(web.pod, "web", 80);
    await stage.node.run([
      "sh",
      "-ec",
      "iptables -t nat -N FOREIGN; iptables -t nat -A PREROUTING -p tcp --dport 9 -j FOREIGN",
    ]);
    const before = await takeSnapshot(stage.node);
    expect((await repair(stage)).stdout).toBe("nothing to repair\n");
    expect(difference(before, await takeSnapshot(stage.node))).toEqual([]);

    await stage.node.run(["sh", "-ec", flush]);
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080, { timeoutMs: 300 })).toBeUndefined();
    const lost = await takeSnapshot(stage.node);
    const dry = await repair(stage, "--dry-run");
    expect(dry.exitCode, dry.stderr).toBe(0);
    expect(dry.stdout).toContain("would restore default/web");
    expect(dry.stdout).toMatch(/^ {2}\+ .*8080/m);
    expect(difference(lost, await takeSnapshot(stage.node))).toEqual([]);

    const done = await repair(stage);
    expect(done.exitCode, done.stderr).toBe(0);
    expect(done.stdout).toContain("restored default/web");
    expect(done.stdout).toContain("restored default/other");
    for (const address of [stage.uplink.node4, stage.uplink.node6]) {
      expect(await ask(stage.uplink.host, address, 8080)).toMatchObject({ server: "web" });
    }
    expect(await ask(stage.node, "127.0.0.1", 8080)).toMatchObject({ server: "web" });
    await stage.chain.check(web.attachment);
    const after = difference(before, await takeSnapshot(stage.node));
    expect(after.filter((line) => !line.includes("FOREIGN"))).toEqual([]);
    expect((await repair(stage)).stdout).toBe("nothing to repair\n");
  });

  test("the newest container has its port, foreign rules and the order of entries are kept", async () => {
    await using stage = await Stage.set(options);
    const wants = { portMappings: [mapping(8080, 80)] };
    const first = await addCached(stage, "first", wants, { age: 90 });
    await addCached(stage, "between", { portMappings: [mapping(8081, 80)] }, { age: 60 });
    const last = await addCached(stage, "last", wants, { age: 30 });
    await serve(first.pod, "first", 80);
    await serve(last.pod, "last", 80);
    const [before, ordered] = [await takeSnapshot(stage.node), await order(stage)];
    expect(ordered.match(/last|between|first/g)).toEqual(["last", "between", "first"]);
    await stage.node.run(["sh", "-ec", flush]);
    expect((await repair(stage)).exitCode).toBe(0);
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "last" });
    expect(difference(before, await takeSnapshot(stage.node))).toEqual([]);
    expect(await order(stage)).toEqual(ordered);
  });
});

test("only the oldest container's rules are lost: it does not come in front of the one that took its port", async () => {
  await using stage = await Stage.set({ iptables: "nft" });
  const wants = { portMappings: [mapping(8080, 80)] };
  const first = await addCached(
    stage,
    "first",
    { portMappings: [mapping(8080, 80), mapping(8082, 80)] },
    { age: 90 },
  );
  const last = await addCached(stage, "last", wants, { age: 30 });
  await serve(first.pod, "first", 80);
  await serve(last.pod, "last", 80);
  const chain = (await stage.node.run(["iptables", "-t", "nat", "-S", "CNI-HOSTPORT-DNAT"]))
    .split("\n")
    .find((line) => line.includes('id: "first"') || line.includes('id: \\"first\\"'))
    ?.match(/CNI-DN-\w+/)?.[0];
  await stage.node.run(["iptables", "-t", "nat", "-F", chain ?? ""]);
  expect((await repair(stage)).exitCode).toBe(0);
  expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "last" });
  expect(await ask(stage.uplink.host, stage.uplink.node4, 8082)).toMatchObject({ server: "first" });
});

test.each([
  ["the ifb", "ip link delete $ifb"],
  ["the qdiscs of the veth", "tc qdisc delete dev $veth root; tc qdisc delete dev $veth ingress"],
  ["the filter", "tc filter delete dev $veth parent ffff:"],
])("limits: %s was deleted", async (_what, loss) => {
  await using stage = await Stage.set({ chained: [bandwidth()] });
  const { attachment, result } = await addCached(stage, "web", { bandwidth: limits });
  const before = await takeSnapshot(stage.node);
  const names = (result.interfaces ?? []).filter(({ sandbox }) => !sandbox).map(({ name }) => name);
  const ifb = names.find((name) => name.startsWith("bwp"));
  const veth = names.find((name) => name.startsWith("veth"));
  await stage.node.run(["sh", "-ec", `ifb=${ifb} veth=${veth}\n${loss}`]);
  const dry = await repair(stage, "--dry-run", "--json");
  const { changes } = JSON.parse(dry.stdout);
  expect(changes.length).toBeGreaterThan(0);
  const done = await repair(stage);
  expect(done.stdout).toContain("restored default/web");
  expect(difference(steady(before), steady(await takeSnapshot(stage.node)))).toEqual([]);
  await stage.chain.check(attachment);
});

/** Without what the kernel chooses anew for a link or an action that was made again. */
function steady(snapshot: Snapshot): Snapshot {
  const chosen = /link\/ether \S+|index \d+ ref \d+ bind \d+/g;
  return new Map([...snapshot].map(([name, lines]) => [name, lines.map((line) => line.replace(chosen, ""))]));
}

test("one transaction a family restores all, beside many", async () => {
  await using stage = await Stage.set({ iptables: "nft" });
  for (let at = 0; at < 6; at += 1) {
    await addCached(stage, `pod${at}`, { portMappings: [mapping(8000 + at, 80)] }, { age: 60 - at });
  }
  await stage.node.run(["sh", "-ec", "nft flush ruleset"]);
  const log = "/run/restores";
  await stage.node.run([
    "sh",
    "-ec",
    [
      "mkdir -p /run/tools",
      ...["iptables-restore", "ip6tables-restore"].map((name) => {
        const script = [
          "#!/bin/sh",
          `input=$(cat; echo .)`,
          `printf '%s' "$input" | grep -q '^-[AIDNXF] ' && echo ${name} >> ${log}`,
          `printf '%s' "\${input%.}" | exec /usr/sbin/${name.replace("tables", "tables-nft")} "$@"`,
        ].join("\n");
        return `rm -f /run/tools/${name}; cat > /run/tools/${name} <<'X'\n${script}\nX\nchmod +x /run/tools/${name}`;
      }),
    ].join("\n"),
  ]);
  expect((await repair(stage)).exitCode).toBe(0);
  const restores = (await stage.node.run(["sort", log])).trim().split("\n");
  expect(restores).toEqual(["ip6tables-restore", "iptables-restore"]);
});

describe("orphans", () => {
  test.each([["iptables"], ["nftables"]])(
    "%s: rules and ifb of a container whose namespace is gone go",
    async (backend) => {
      await using stage = await Stage.set({ iptables: "nft", chained: [portmap({ backend }), bandwidth()] });
      const keep = await addCached(stage, "keep", { portMappings: [mapping(8080, 80)], bandwidth: limits });
      const before = await takeSnapshot(stage.node);
      const dead = await addCached(stage, "dead", { portMappings: [mapping(8081, 80)], bandwidth: limits });
      await stage.node.removeNetns(dead.pod);
      const done = await repair(stage);
      expect(done.stdout).toMatch(/removed rules of container dead/);
      expect(done.stdout).toMatch(/removed ifb bwp/);
      expect(difference(before, await takeSnapshot(stage.node))).toEqual([]);
      await stage.chain.check(keep.attachment);
    },
  );

  test("an unknown container is left alone while its namespace stands, and goes with it", async () => {
    await using stage = await Stage.set({ chained: [portmap(), bandwidth()] });
    const unknown = await stage.add("unknown", { portMappings: [mapping(8080, 80)], bandwidth: limits });
    const before = await takeSnapshot(stage.node);
    expect((await repair(stage)).stdout).toBe("nothing to repair\n");
    expect(difference(before, await takeSnapshot(stage.node))).toEqual([]);
    await stage.node.removeNetns(unknown.pod);
    const done = await repair(stage);
    expect(done.stdout).toMatch(/removed rules of container unknown/);
    expect(await stage.node.run(["sh", "-c", "iptables-save -t nat; ip link"])).not.toMatch(/CNI-DN|bwp/);
  });
});

test.skipIf(whyNoReference() !== undefined)(
  `rules and limits of the reference plugins (${whyNoReference() ?? "there"})`,
  async () => {
    await using stage = await Stage.set({
      iptables: "nft",
      chained: [portmap(), bandwidth()],
      cniVersion: "1.0.0",
    });
    const chain = new Chain(stage.node, reference.directory, stage.chain.conf);
    const web = await addCached(
      stage,
      "web",
      { portMappings: [mapping(8080, 80)], bandwidth: limits },
      { chain },
    );
    await serve(web.pod, "web", 80);
    await stage.node.run([
      "sh",
      "-ec",
      "nft flush ruleset; ip link delete $(ip -o link | grep -o 'bwp[0-9a-f]*' | head -1)",
    ]);
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080, { timeoutMs: 300 })).toBeUndefined();
    const done = await repair(stage);
    expect(done.exitCode, done.stderr).toBe(0);
    expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "web" });
    expect((await repair(stage)).stdout).toBe("nothing to repair\n");
  },
);

describe("--watch", () => {
  /** Ends with the stage. */
  const watching = (stage: Stage) =>
    stage.node.start([tool, "repair", "--watch", "--json", "--cache-dir", cacheDir]);

  test.each(ways)("%s: a flush is made good, again and again", async (_name, options, flush) => {
    await using stage = await Stage.set(options);
    const web = await addCached(stage, "web", { portMappings: [mapping(8080, 80)] });
    await serve(web.pod, "web", 80);
    const service = watching(stage);
    for (let round = 0; round < 2; round += 1) {
      await stage.node.run(["sh", "-ec", flush]);
      const line = JSON.parse((await service.line()) ?? "null");
      expect(line.deeds).toContainEqual(expect.objectContaining({ action: "restore", containerId: "web" }));
      expect(await ask(stage.uplink.host, stage.uplink.node4, 8080)).toMatchObject({ server: "web" });
    }
  });

  test.each(["TERM", "INT"])("ends well on SIG%s", async (signal) => {
    await using stage = await Stage.set();
    const service = stage.node.start([
      "sh",
      "-c",
      `{ ${tool} repair --watch --cache-dir ${cacheDir} & echo $!; wait $!; echo "ended $?"; } 2>&1`,
    ]);
    const pid = await service.line();
    expect(await service.line()).toContain("watching");
    await stage.node.run(["kill", `-${signal}`, pid ?? ""]);
    expect(await service.line()).toBe("ended 0");
  });

  test("an ADD and a DEL under way are not meddled with", async () => {
    await using stage = await Stage.set({ chained: [portmap(), bandwidth()] });
    const ports = (port: number) => ({ portMappings: [mapping(port, 80)], bandwidth: limits });
    await addCached(stage, "keep", ports(8080));
    const going = await addCached(stage, "going", ports(8081));
    const service = watching(stage);
    // No entry yet: an ADD that has not come to its end.
    const coming = await stage.add("coming", ports(8082));
    // Rules and limits are gone, but the main plugin takes its time, so the entry is there.
    const chained = stage.chain.conf.plugins.filter(({ type }) => type !== "base");
    const behind = new Chain(stage.node, plugins, { ...stage.chain.conf, plugins: chained });
    behind.adopt(going.attachment, going.result);
    await behind.del(going.attachment);
    // Seen by the watch and repaired, long after both.
    await stage.node.run([
      "sh",
      "-ec",
      "tc qdisc delete dev $(ip -o link | grep -o 'bwp[0-9a-f]*' | head -1) root",
    ]);
    const line = JSON.parse((await service.line()) ?? "null");
    expect(line.deeds.map(({ containerId }: { containerId: string }) => containerId)).not.toContain("going");
    await stage.node.run(["rm", going.file]);
    await stage.chain.check(coming.attachment);
    expect(await stage.node.run(["iptables-save", "-t", "nat"])).not.toContain("8081");
  });
});

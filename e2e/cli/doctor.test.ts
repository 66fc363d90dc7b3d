import { describe, expect, test } from "vitest";
import { Chain } from "../lib/chain.ts";
import { plugin, plugins } from "../lib/plugins.ts";
import { reference, whyNoReference } from "../lib/reference.ts";
import { difference, takeSnapshot } from "../lib/snapshot.ts";
import { bandwidth, mapping, portmap, Stage, type StageOptions } from "../lib/stage.ts";
import { asNobody } from "./as-nobody.ts";
import { addCached, cacheDir } from "./cached.ts";

const tool = plugin("cni-chain");
const confDir = "/run/net.d";
const pluginDir = "/run/plugins";
const limits = {
  ingressRate: 10_000_000,
  ingressBurst: 500_000,
  egressRate: 8_000_000,
  egressBurst: 400_000,
};
const wants = (port: number) => ({ portMappings: [mapping(port, 80)], bandwidth: limits });

interface Finding {
  readonly check: string;
  readonly severity: string;
  readonly what: string;
  readonly where?: string;
  readonly remedy?: string;
}

interface Report {
  readonly exitCode: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
}

/** A node with a network of our plugins in its configuration directory, and a base plugin that is installed. */
async function ward(options: StageOptions = {}): Promise<Stage> {
  const stage = await Stage.set({ iptables: "nft", chained: [portmap(), bandwidth()], ...options });
  await writeConf(stage, "10-net.conflist", JSON.stringify(stage.chain.conf));
  const script = `mkdir -p ${pluginDir} && ln -s ${plugins}/* ${pluginDir}/ && ln -s /bin/true ${pluginDir}/base`;
  await stage.node.run(["sh", "-ec", script]);
  return stage;
}

const writeConf = (stage: Stage, name: string, text: string) =>
  stage.node.run(["sh", "-ec", `mkdir -p ${confDir} && cat > ${confDir}/${name}`], { stdin: text });

const places = ["--conf-dir", confDir, "--plugin-dir", pluginDir, "--cache-dir", cacheDir];
const doctor = (stage: Stage, ...args: readonly string[]) =>
  stage.node.try([tool, "doctor", ...places, ...args]);

async function report(stage: Stage): Promise<Report> {
  const { exitCode, stdout, stderr } = await doctor(stage, "--json");
  expect(stderr).toBe("");
  const document: Report = JSON.parse(stdout);
  expect(document.exitCode).toBe(exitCode);
  return document;
}

const of = ({ findings }: Report, check: string) => findings.filter((one) => one.check === check);
const notOk = ({ findings }: Report) => findings.filter(({ severity }) => severity !== "ok");

test.each([
  ["iptables-nft", { iptables: "nft" }],
  ["iptables-legacy", { iptables: "legacy" }],
  ["nftables", { chained: [portmap({ backend: "nftables", masqAll: true }), bandwidth()] }],
] as const)("%s: a healthy node is well, and the doctor leaves it as it was", async (_name, options) => {
  await using stage = await ward(options);
  await addCached(stage, "web", wants(8080));
  const before = await takeSnapshot(stage.node);
  const found = await report(stage);
  expect(notOk(found)).toEqual([]);
  expect(found.exitCode).toBe(0);
  const text = await doctor(stage);
  expect(text.exitCode).toBe(0);
  expect(text.stdout).toContain("all is well");
  expect(difference(before, await takeSnapshot(stage.node))).toEqual([]);
});

test("a node where no plugin ever ran: no table is made, none of iptables-legacy is loaded", async () => {
  await using stage = await ward();
  const tables = () =>
    stage.node.run(["sh", "-c", "cat /proc/net/ip_tables_names /proc/net/ip6_tables_names; nft list tables"]);
  const before = await tables();
  expect(notOk(await report(stage))).toEqual([]);
  expect(await tables()).toBe(before);
});

const unguarded = {
  check: "loopback",
  severity: "warning",
  what: /^route_localnet of cni0 is 1 and no guard stands before it/,
  remedy: /^cni-chain repair/,
};

describe("what somebody broke is found, with its remedy", () => {
  const cases: readonly (readonly [
    what: string,
    options: StageOptions,
    harm: string,
    expected: {
      readonly check: string;
      readonly severity: string;
      readonly what: RegExp;
      readonly remedy: RegExp;
    },
    exitCode: number,
  ])[] = [
    [
      "rules are flushed",
      {},
      "nft flush ruleset",
      { check: "attachments", severity: "broken", what: /CNI-HOSTPORT-DNAT/, remedy: /cni-chain repair/ },
      2,
    ],
    [
      "somebody's rule in front takes every packet",
      {},
      "iptables -t nat -I PREROUTING -j ACCEPT",
      { check: "attachments", severity: "broken", what: /is not reached, rule 1/, remedy: /^move that rule/ },
      2,
    ],
    [
      "an ifb is deleted",
      {},
      "ip link delete $(ip -o link | grep -o 'bwp[0-9a-f]*' | head -1)",
      { check: "attachments", severity: "broken", what: /ifb/, remedy: /cni-chain repair/ },
      2,
    ],
    [
      "the node forwards nothing",
      {},
      "echo 0 > /proc/sys/net/ipv4/ip_forward",
      {
        check: "sysctls",
        severity: "warning",
        what: /ip_forward is 0/,
        remedy: /sysctl -w net.ipv4.ip_forward=1/,
      },
      1,
    ],
    [
      "FORWARD drops",
      {},
      "iptables -P FORWARD DROP",
      {
        check: "forward-policy",
        severity: "broken",
        what: /FORWARD .*policy DROP/,
        remedy: /--ctstate DNAT -j ACCEPT/,
      },
      2,
    ],
    [
      "somebody sets the mark's bit",
      {},
      "iptables -t mangle -A PREROUTING -p tcp -j MARK --set-xmark 0x2000/0x2000",
      { check: "marks", severity: "warning", what: /bit 13 \(0x2000\)/, remedy: /markMasqBit/ },
      1,
    ],
    [
      "Calico looks at a bit of its own that the network has taken",
      { chained: [portmap({ markMasqBit: 16 })] },
      "iptables -t mangle -A PREROUTING -m mark --mark 0x10000/0x10000 -j ACCEPT",
      { check: "marks", severity: "warning", what: /bit 16/, remedy: /markMasqBit/ },
      1,
    ],
    [
      "the way to 127.0.0.1 is open without a guard",
      {},
      "iptables -t raw -F; echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet",
      {
        check: "loopback",
        severity: "warning",
        what: /route_localnet of all/,
        remedy: /^cni-chain repair # .*sysctl/,
      },
      1,
    ],
    [
      "a network is no JSON",
      {},
      `echo '{' > ${confDir}/20-bad.conflist`,
      { check: "networks", severity: "broken", what: /./, remedy: /^cni-chain validate \S+$/ },
      2,
    ],
    [
      "there is no network",
      {},
      `rm ${confDir}/*`,
      { check: "networks", severity: "warning", what: /has no network configuration/, remedy: /--conf-dir/ },
      1,
    ],
    [
      "a plugin is not installed",
      {},
      `rm ${pluginDir}/base`,
      { check: "networks", severity: "broken", what: /plugin base is in none of/, remedy: /install base/ },
      2,
    ],
    [
      "a plain cp over one of our plugins",
      {},
      `cp --remove-destination ${plugins}/portmap ${pluginDir}
       ln -f ${pluginDir}/portmap ${pluginDir}/loopback
       printf '#!/bin/sh\necho CNI loopback plugin v1.1.1 >&2\n' >/run/other
       cp /run/other ${pluginDir}/loopback`,
      {
        check: "executables",
        severity: "broken",
        what: /^portmap answers as loopback: portmap, loopback are one file/,
        remedy: /cni-chain install --bin-dir/,
      },
      2,
    ],
    [
      "rules lie in the other backend",
      {},
      `sed -i 's/"type":"portmap"/"type":"portmap","backend":"nftables"/' ${confDir}/10-net.conflist`,
      {
        check: "backends",
        severity: "warning",
        what: /iptables-nft, but ADD takes nftables/,
        remedy: /restart/,
      },
      1,
    ],
    [
      "the host's end of a pod is down",
      {},
      "ip link set dev $(ip -o link show master cni0 | grep -o 'veth[0-9a-f]*' | head -1) down",
      {
        check: "devices",
        severity: "broken",
        what: /^veth\w+ is down: nothing gets to default\/web/,
        remedy: /^ip link set dev veth\w+ up$/,
      },
      2,
    ],
    [
      "the host's end of a pod is taken out of the bridge",
      {},
      "ip link set dev $(ip -o link show master cni0 | grep -o 'veth[0-9a-f]*' | head -1) nomaster",
      {
        check: "devices",
        severity: "broken",
        what: /^veth\w+ is no port of bridge cni0 any more: nothing gets to default\/web/,
        remedy: /^ip link set dev veth\w+ master cni0$/,
      },
      2,
    ],
    [
      "the guard's rules are flushed",
      { chained: [portmap({ backend: "nftables" }), bandwidth()] },
      "nft flush chain ip cni_hostport loopback_guard",
      unguarded,
      1,
    ],
    [
      "the guard's rule is deleted",
      {},
      "iptables -t raw -D CNI-HOSTPORT-LOCAL ! -i lo -j DROP",
      unguarded,
      1,
    ],
    [
      "the guard is entered by one end alone",
      { iptables: "legacy" },
      "iptables -t raw -S PREROUTING | sed -n 's/^-A \\(.* -s 127.*\\)/-t raw -D \\1/p' | xargs iptables",
      unguarded,
      1,
    ],
    [
      "the pod has no eth0 any more",
      {},
      "ip -n web link set eth0 down; ip -n web link set eth0 name other",
      {
        check: "attachments",
        severity: "unknown",
        what: /^bandwidth could not be checked: there is no interface eth0 in \/run\/netns\/web$/,
        remedy: /^remove the pod and let its runtime make it anew$/,
      },
      1,
    ],
    [
      "source routes are followed",
      {},
      "echo 1 >/proc/sys/net/ipv4/conf/all/accept_source_route; echo 1 >/proc/sys/net/ipv4/conf/cni0/accept_source_route",
      {
        check: "loopback",
        severity: "warning",
        what: /^cni0 takes packets whose sender prescribes their way/,
        remedy: /^sysctl -w net\.ipv4\.conf\.all\.accept_source_route=0$/,
      },
      1,
    ],
    [
      "the bridge is down",
      {},
      "ip link set dev cni0 down",
      {
        check: "devices",
        severity: "broken",
        what: /^cni0 is down: nothing gets to default\/web/,
        remedy: /^ip link set dev cni0 up$/,
      },
      2,
    ],
    [
      "the pod's end is down",
      {},
      "ip -n web link set dev eth0 down",
      {
        check: "devices",
        severity: "broken",
        what: /^veth\w+ has no carrier: its other end, in the pod, is down/,
        remedy: /^nsenter --net=\/run\/netns\/web ip link set dev eth0 up /,
      },
      2,
    ],
    [
      "an entry of the cache cannot be read",
      {},
      `echo '{}' > ${cacheDir}/results/net-x-eth0`,
      { check: "attachments", severity: "unknown", what: /cannot be read/, remedy: /rm '\S*net-x-eth0'$/ },
      1,
    ],
  ];

  test.each(cases)("%s", async (_what, options, harm, expected, exitCode) => {
    await using stage = await ward(options);
    await addCached(
      stage,
      "web",
      options.chained === undefined ? wants(8080) : { portMappings: [mapping(8080, 80)] },
    );
    await stage.node.run(["sh", "-ec", harm]);
    const before = await takeSnapshot(stage.node);
    const found = await report(stage);
    const match = of(found, expected.check).find(
      ({ severity, what, remedy = "" }) =>
        severity === expected.severity && expected.what.test(what) && expected.remedy.test(remedy),
    );
    expect(match, JSON.stringify(notOk(found), undefined, 1)).toBeDefined();
    expect(found.exitCode).toBeGreaterThanOrEqual(exitCode);
    expect(difference(before, await takeSnapshot(stage.node))).toEqual([]);
    const text = await doctor(stage);
    expect(text.exitCode).toBe(found.exitCode);
    expect(text.stdout).toContain(match?.what);
  });

  test("a port that two pods want, and what is left of a third", async () => {
    await using stage = await ward();
    await addCached(stage, "first", wants(8080), { age: 60 });
    await addCached(stage, "last", wants(8080));
    const dead = await addCached(stage, "dead", wants(8082));
    await stage.node.removeNetns(dead.pod);
    const found = await report(stage);
    expect(of(found, "host-ports")).toContainEqual(
      expect.objectContaining({
        severity: "warning",
        where: "default/first",
        what: expect.stringContaining("8080/tcp"),
      }),
    );
    const orphans = of(found, "orphans").map(({ what }) => what);
    expect(orphans).toContainEqual(expect.stringContaining("rules of container dead"));
    expect(orphans).toContainEqual(expect.stringMatching(/ifb bwp\w+ is nobody's/));
    expect(orphans).toContainEqual(expect.stringContaining("its DEL never came to its end"));
    expect(found.exitCode).toBe(1);
  });
});

test("without root nothing that was not looked at is said to be well", async () => {
  await using stage = await ward();
  await addCached(stage, "web", wants(8080));
  await stage.node.run(["sh", "-ec", "nft flush ruleset"]);
  const line = await asNobody(stage, "doctor", ...places, "--json");
  const { exitCode, stdout } = await stage.node.try(line);
  const found: Report = JSON.parse(stdout);
  expect(exitCode).toBeGreaterThanOrEqual(1);
  for (const check of [
    "privileges",
    "readiness",
    "forward-policy",
    "marks",
    "host-ports",
    "attachments",
    "orphans",
    "loopback",
  ]) {
    expect(
      of(found, check).map(({ severity }) => severity),
      check,
    ).toContain("unknown");
    expect(
      of(found, check).map(({ severity }) => severity),
      check,
    ).not.toContain("ok");
  }
});

test.skipIf(whyNoReference() !== undefined)(
  `a pod of the reference plugins: only the guard is missed (${whyNoReference() ?? "there"})`,
  async () => {
    await using stage = await ward({ cniVersion: "1.0.0" });
    const chain = new Chain(stage.node, reference.directory, stage.chain.conf);
    await addCached(stage, "web", wants(8080), { chain });
    const found = await report(stage);
    const broken = found.findings.filter(({ severity }) => severity === "broken");
    expect(broken).toEqual([]);
    expect(of(found, "loopback")).toContainEqual(expect.objectContaining({ severity: "warning" }));
    expect(found.exitCode).toBe(1);
  },
);

import { describe, expect, test } from "vitest";
import { Chain } from "../lib/chain.ts";
import { plugin } from "../lib/plugins.ts";
import { reference, whyNoReference } from "../lib/reference.ts";
import { difference, takeSnapshot } from "../lib/snapshot.ts";
import { bandwidth, mapping, portmap, Stage, type StageOptions } from "../lib/stage.ts";
import { ask, serve } from "../lib/traffic.ts";
import { asNobody } from "./as-nobody.ts";
import { addCached, cacheDir } from "./cached.ts";
import { onScreen } from "./on-screen.ts";

const tool = plugin("cni-chain");
const argv = (...options: readonly string[]) => [tool, "list", "--cache-dir", cacheDir, ...options];
const limits = {
  ingressRate: 10_000_000,
  ingressBurst: 500_000,
  egressRate: 8_000_000,
  egressBurst: 400_000,
};

interface Owned {
  readonly network: string | null;
  readonly containerId: string | null;
  readonly pod: { readonly namespace: string; readonly name: string } | null;
  readonly standing: string;
  readonly reason: string | null;
}
interface Port extends Owned {
  readonly family: string;
  readonly hostAddress: string | null;
  readonly hostPort: number;
  readonly podAddress: string;
  readonly podPort: number;
  readonly backend: string;
  readonly packets: number | null;
  readonly conflicts: readonly { readonly outcome: string; readonly containerId: string | null }[];
}
interface Limit extends Owned {
  readonly hostDevice: string | null;
  readonly ifb: string | null;
  readonly redirected: boolean;
  readonly ingress: { readonly rateBitsPerSecond: number; readonly bytes: number } | null;
  readonly egress: { readonly rateBitsPerSecond: number } | null;
}
interface Listed {
  readonly ports: readonly Port[];
  readonly limits: readonly Limit[];
  readonly problems: readonly string[];
}

async function listed(stage: Stage, ...options: readonly string[]): Promise<Listed> {
  return JSON.parse(await stage.node.run(argv("--json", ...options)));
}
const ipv4 = ({ ports }: Listed) => ports.filter(({ family }) => family === "v4");

const ways: readonly (readonly [backend: string, options: StageOptions])[] = [
  ["iptables-nft", { iptables: "nft" }],
  ["iptables-legacy", { iptables: "legacy" }],
  ["nftables", { chained: [portmap({ backend: "nftables" }), bandwidth()] }],
];

describe.each(ways)("%s", (backend, options) => {
  test("every port and limit with its pod, and looking changes nothing", async () => {
    await using stage = await Stage.set({ chained: [portmap(), bandwidth()], ...options });
    const portMappings = [mapping(8080, 80), mapping(8443, 443, { hostIP: stage.uplink.node4 })];
    const web = await addCached(stage, "web", { portMappings, bandwidth: limits });
    await serve(web.pod, "web", 80);
    await ask(stage.uplink.host, stage.uplink.node4, 8080);
    const before = await takeSnapshot(stage.node);
    const found = await listed(stage);
    expect(difference(before, await takeSnapshot(stage.node))).toEqual([]);
    expect(found.problems).toEqual([]);
    expect(found.ports.map(({ family, hostAddress, hostPort }) => [hostPort, family, hostAddress])).toEqual([
      [8080, "v4", null],
      [8080, "v6", null],
      [8443, "v4", stage.uplink.node4],
    ]);
    const counts = backend !== "nftables";
    expect(found.ports[0]).toMatchObject({
      protocol: "tcp",
      podAddress: "10.88.0.2",
      podPort: 80,
      backend,
      conditional: false,
      packets: counts ? 1 : null,
      network: "net",
      containerId: "web",
      ifname: "eth0",
      pod: { namespace: "default", name: "web" },
      standing: "attached",
      reason: null,
      conflicts: [],
    });
    expect(found.limits).toMatchObject([
      {
        redirected: true,
        ifb: expect.stringMatching(/^bwp[0-9a-f]{12}$/),
        ingress: { rateBitsPerSecond: 10_000_000, burstBits: 500_000, drops: 0, backlogBytes: 0 },
        egress: { rateBitsPerSecond: 8_000_000, burstBits: 400_000 },
        containerId: "web",
        pod: { name: "web" },
        standing: "attached",
      },
    ]);
    expect(found.limits[0]?.ingress?.bytes).toBeGreaterThan(0);
    const text = await stage.node.run(argv());
    expect(text).toMatch(
      new RegExp(
        `^0\\.0\\.0\\.0:8080/tcp +10\\.88\\.0\\.2:80 +default/web +net +web +${backend} .* ok$`,
        "m",
      ),
    );
    expect(text).toMatch(/^\[::\]:8080\/tcp +\[fd00:88::2\]:80 /m);
    expect(text).toMatch(/^default\/web +net +web +\S+ +10Mbit +\S+ +0 +8Mbit +\S+ +0 +ok$/m);
  });

  test("the host port that two have is the one's that answers", async () => {
    await using stage = await Stage.set({ chained: [portmap()], ...options });
    const [first, second] = [
      await addCached(stage, "first", { portMappings: [mapping(8080, 80)] }),
      await addCached(stage, "second", { portMappings: [mapping(8080, 80)] }),
    ];
    await Promise.all([serve(first.pod, "first", 80), serve(second.pod, "second", 80)]);
    const answer = await ask(stage.uplink.host, stage.uplink.node4, 8080);
    const found = ipv4(await listed(stage));
    const winner = found.find(({ conflicts }) => conflicts[0]?.outcome === "wins");
    expect(winner?.containerId).toBe(answer?.server);
    const loser = found.find((one) => one !== winner);
    expect(loser?.conflicts).toMatchObject([{ outcome: "loses", containerId: answer?.server }]);
    expect(await stage.node.run(argv())).toMatch(/^shadowed: 0\.0\.0\.0:8080\/tcp → .* gets nothing: /m);
  });

  test("what the cache proves gone is an orphan, what it does not know is not", async () => {
    await using stage = await Stage.set({ chained: [portmap(), bandwidth()], ...options });
    const capabilities = (port: number) => ({ portMappings: [mapping(port, 80)], bandwidth: limits });
    const gone = await addCached(stage, "gone", capabilities(8081));
    await stage.add("unknown", capabilities(8082));
    const moved = await addCached(stage, "moved", capabilities(8083));
    await stage.node.removeNetns(gone.pod);
    await stage.node.run(["sed", "-i", "s/10\\.88\\.0\\.4/10.88.0.99/", moved.file]);
    // The kernel takes a namespace's devices away in its own time.
    const isLeft = ({ limits }: Listed) =>
      limits.some((one) => one.hostDevice !== null && one.containerId === "gone");
    let found = await listed(stage);
    for (let look = 0; look < 100 && isLeft(found); look += 1) found = await listed(stage);
    expect(ipv4(found).map(({ containerId, standing }) => [containerId, standing])).toEqual([
      ["gone", "orphan"],
      ["unknown", "unknown"],
      ["moved", "moved"],
    ]);
    expect(found.ports[0]?.reason).toContain(gone.pod.netns);
    const limitsOf = new Map(found.limits.map((one) => [one.containerId, one]));
    expect(limitsOf.get("gone")).toMatchObject({ standing: "orphan", hostDevice: null, redirected: false });
    expect(limitsOf.get("unknown")).toMatchObject({ standing: "unknown", redirected: true });
  });
});

test("rules of every backend at a time, and no winner between them", async () => {
  await using stage = await Stage.set({ iptables: "nft", chained: [portmap()] });
  const nft = stage.chainOf({ chained: [portmap({ backend: "nftables" })] }, "other");
  await addCached(stage, "one", { portMappings: [mapping(8080, 80)] });
  await addCached(stage, "two", { portMappings: [mapping(8080, 80)] }, { chain: nft });
  const found = ipv4(await listed(stage));
  expect(found.map(({ backend, conflicts }) => [backend, conflicts[0]?.outcome])).toEqual([
    ["iptables-nft", "untold"],
    ["nftables", "untold"],
  ]);
});

const whyNot = whyNoReference();
if (whyNot !== undefined) console.log(`skipped: list beside the reference plugins: ${whyNot}`);

describe.skipIf(whyNot !== undefined)("made by the reference plugins", () => {
  test.each(["nft", "legacy"] as const)("%s", async (iptables) => {
    await using stage = await Stage.set({ iptables });
    const chain = new Chain(stage.node, reference.directory, {
      cniVersion: "1.0.0",
      name: "net",
      plugins: [{ type: "base", hairpinMode: true }, portmap(), bandwidth()],
    });
    await addCached(stage, "web", { portMappings: [mapping(8080, 80)], bandwidth: limits }, { chain });
    await stage.add("other", { portMappings: [mapping(8080, 81)], bandwidth: limits }, chain);
    const found = await listed(stage);
    expect(ipv4(found)).toMatchObject([
      { containerId: "web", pod: { name: "web" }, conflicts: [{ outcome: "wins" }], conditional: false },
      { containerId: "other", network: "net", standing: "unknown", conflicts: [{ outcome: "loses" }] },
    ]);
    const named = found.limits.find(({ containerId }) => containerId === "web");
    expect(named).toMatchObject({
      redirected: true,
      standing: "attached",
      egress: { rateBitsPerSecond: 8_000_000 },
    });
    expect(found.limits).toHaveLength(2);
  });
});

test("nftables' rules of the reference, whose comment is the container alone", async () => {
  await using stage = await Stage.set({ chained: [] });
  const web = await addCached(stage, "web", {});
  const rules = `
    table ip cni_hostport {
      chain hostip_hostports { }
      chain hostports {
        tcp dport 8080 dnat to 10.88.0.2:80 comment "web"
        ip daddr 192.0.2.17 udp dport 53 dnat to 10.88.0.9:53 comment "\u001b[31mother"
      }
      chain hostports_all { jump hostip_hostports ; jump hostports ; }
      chain prerouting {
        type nat hook prerouting priority -100
        fib daddr type local jump hostports_all
      }
    }`;
  await stage.node.run(["nft", "-f", "-"], { stdin: `${rules}\n` });
  expect(ipv4(await listed(stage))).toMatchObject([
    { hostPort: 53, protocol: "udp", hostAddress: "192.0.2.17", network: null, standing: "unknown" },
    { hostPort: 8080, containerId: "web", network: "net", standing: "attached" },
  ]);
  expect(web.result).toBeDefined();
  expect(await stage.node.run(argv())).not.toContain("\u001b");
});

test("filters", async () => {
  await using stage = await Stage.set({ chained: [portmap(), bandwidth()] });
  const capabilities = (port: number) => ({
    portMappings: [mapping(port, 80), mapping(port, 53, { protocol: "udp" })],
    bandwidth: limits,
  });
  await addCached(stage, "one", capabilities(8081));
  await addCached(stage, "two", capabilities(8082), {
    chain: stage.chainOf({ chained: [portmap(), bandwidth()] }, "other"),
  });
  const kept = async (...options: readonly string[]) => {
    const found = await listed(stage, ...options);
    return [ipv4(found).map(({ hostPort }) => hostPort), found.limits.map(({ containerId }) => containerId)];
  };
  expect(await kept("--network", "other")).toEqual([[8082, 8082], ["two"]]);
  expect(await kept("--pod", "one")).toEqual([[8081, 8081], ["one"]]);
  expect(await kept("--pod", "default/two", "--port", "8082/udp")).toEqual([[8082], ["two"]]);
  expect(await kept("--port", "9")).toEqual([[], []]);
  const { exitCode, stderr } = await stage.node.try(argv("--port", "http"));
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining("--port http: expected 1 to 65535")]);
});

test("a node where nothing is: no table is made, and none asked for", async () => {
  await using stage = await Stage.set({ chained: [] });
  const tables = () => stage.node.run(["sh", "-c", "nft list tables; cat /proc/net/ip*_tables_names"]);
  const before = await tables();
  const text = await stage.node.run(argv());
  expect(text).toBe("No host port is forwarded.\n\nNo pod is limited.\n");
  expect(await listed(stage)).toEqual({ ports: [], limits: [], problems: [] });
  expect(await tables()).toBe(before);
});

test("a cache entry that cannot be read is told, and keeps nothing from being listed", async () => {
  await using stage = await Stage.set({ chained: [portmap()] });
  await addCached(stage, "web", { portMappings: [mapping(8080, 80)] });
  await stage.node.run(["sh", "-c", `echo '{"kind":"other"}' > ${cacheDir}/results/net-old-eth0`]);
  const found = await listed(stage);
  expect(ipv4(found)).toMatchObject([{ containerId: "web" }]);
  expect(found.problems).toEqual([expect.stringContaining("net-old-eth0")]);
});

test("without the right to see rules it says so", async () => {
  await using stage = await Stage.set({ chained: [] });
  const { exitCode, stderr } = await stage.node.try(await asNobody(stage, "list"));
  expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/needs root: .*CAP_NET_ADMIN; try sudo/)]);
});

test("--watch where nobody looks: what is there, then each change, until a signal", async () => {
  await using stage = await Stage.set({ chained: [portmap()] });
  const web = await addCached(stage, "web", { portMappings: [mapping(8080, 80)] });
  const watch = ["sh", "-c", 'echo $$; exec "$@"', "sh", ...argv("--watch", "--interval", "0.2")];
  const service = stage.node.start(watch);
  const pid = await service.ready();
  const untilLine = async (wanted: RegExp) => {
    for (let line = await service.line(); line !== undefined; line = await service.line()) {
      if (wanted.test(line)) return;
    }
    throw new Error(`no line ${wanted}`);
  };
  await untilLine(/ \+ port 0\.0\.0\.0:8080\/tcp → 10\.88\.0\.2:80 by iptables-\w+, pod default\/web: ok$/);
  await stage.node.removeNetns(web.pod);
  await untilLine(/ ~ port 0\.0\.0\.0:8080\/tcp .*: orphan$/);
  await stage.chain.del(web.attachment);
  await untilLine(/ - port 0\.0\.0\.0:8080\/tcp /);
  await stage.node.run(["kill", "-TERM", pid]);
  while ((await service.line()) !== undefined);
});

test("--watch on a terminal is drawn on a screen of its own, and q gives the first one back", async () => {
  await using stage = await Stage.set({ chained: [portmap()] });
  await addCached(stage, "web", { portMappings: [mapping(8080, 80)] });
  const { exitCode, stdout } = await onScreen(stage.node, argv("--watch", "--interval", "0.2"), [
    ["HOST PORT", "q"],
  ]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/<enter>.*HOST PORT.*0\.0\.0\.0:8080\/tcp.*<leave>/s);
});

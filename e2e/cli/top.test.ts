import { expect, test } from "vitest";
import { plugin } from "../lib/plugins.ts";
import { difference, takeSnapshot } from "../lib/snapshot.ts";
import { bandwidth, Stage } from "../lib/stage.ts";
import { measure } from "../lib/traffic.ts";
import { asNobody } from "./as-nobody.ts";
import { addCached, cacheDir } from "./cached.ts";
import { onScreen } from "./on-screen.ts";

const tool = plugin("cni-chain");
const argv = (...options: readonly string[]) => [tool, "top", "--cache-dir", cacheDir, ...options];
const limit = (rate: number) => ({
  ingressRate: rate,
  ingressBurst: 400_000,
  egressRate: rate,
  egressBurst: 400_000,
});

interface Flow {
  readonly limitBitsPerSecond: number;
  readonly bitsPerSecond: number;
  readonly dropsPerSecond: number;
  readonly overlimitsPerSecond: number;
}
interface Sample {
  readonly intervalSeconds: number;
  readonly pods: readonly {
    readonly containerId: string;
    readonly ingress: Flow | null;
    readonly egress: Flow | null;
  }[];
}

test("the traffic of a busy pod is seen at its limit, and sorts it before the others", async () => {
  await using stage = await Stage.set({ chained: [bandwidth()] });
  await addCached(stage, "idle", { bandwidth: limit(5_000_000) });
  const busy = await addCached(stage, "busy", { bandwidth: limit(10_000_000) });
  const before = await takeSnapshot(stage.node);
  const service = stage.node.start(argv("--json", "--interval", "0.5", "--count", "60"));
  let isSeen = false;
  const watching = (async () => {
    for (let line = await service.line(); line !== undefined; line = await service.line()) {
      const sample: Sample = JSON.parse(line);
      const [first] = sample.pods;
      const { bitsPerSecond = 0, overlimitsPerSecond = 0 } = first?.ingress ?? {};
      const isBusy = bitsPerSecond > 7_000_000 && bitsPerSecond < 15_000_000 && overlimitsPerSecond > 0;
      if (isBusy && first?.containerId === "busy" && sample.pods.length === 2) isSeen = true;
      if (isSeen) return;
    }
  })();
  const traffic = measure(
    stage.uplink.host,
    { place: busy.pod, listen: 5001 },
    { host: "10.88.0.3", port: 5001 },
    { seconds: 4, until: 8_000_000 },
  );
  await Promise.all([watching, traffic]);
  await service.kill();
  expect(isSeen).toBe(true);
  expect(difference(before, await takeSnapshot(stage.node))).toEqual([]);
});

test("one look as a table and as a document; a direction without limit is a dash and null", async () => {
  await using stage = await Stage.set({ chained: [bandwidth()] });
  await addCached(stage, "web", { bandwidth: { ingressRate: 1_000_000, ingressBurst: 400_000 } });
  const text = await stage.node.run(argv("--once", "--interval", "0.2"));
  expect(text).toMatch(/^POD +IN +OF +% +OUT +OF +% +DROPS\/s +WAITS\/s\n/);
  expect(text).toMatch(/^default\/web +\S+bit +1Mbit +\d+ +– +– +– +0 +0$/m);
  const sample: Sample = JSON.parse(await stage.node.run(argv("--once", "--interval", "0.2", "--json")));
  expect(sample.intervalSeconds).toBeGreaterThanOrEqual(0.19);
  expect(sample.pods).toMatchObject([
    {
      containerId: "web",
      ifb: null,
      ingress: { limitBitsPerSecond: 1_000_000, dropsPerSecond: 0, backlogBytes: 0 },
      egress: null,
      pod: { namespace: "default", name: "web" },
      standing: "attached",
    },
  ]);
});

test("drops are counted", async () => {
  await using stage = await Stage.set({ chained: [bandwidth()] });
  const web = await addCached(stage, "web", {
    bandwidth: { egressRate: 8000, egressBurst: 16_000 },
  });
  const flood = [
    "bash",
    "-c",
    "end=$((SECONDS + 2)); while ((SECONDS < end)); do printf %1400s x >/dev/udp/10.88.0.1/9; done",
  ];
  let drops = 0;
  for (let look = 0; look < 20 && drops === 0; look += 1) {
    const [text] = await Promise.all([
      stage.node.run(argv("--once", "--interval", "0.3", "--json")),
      web.pod.run(flood),
    ]);
    const sample: Sample = JSON.parse(text);
    drops = sample.pods[0]?.egress?.dropsPerSecond ?? 0;
  }
  expect(drops).toBeGreaterThan(0);
});

test("no rights are needed; without the cache's, pods have no names", async () => {
  await using stage = await Stage.set({ chained: [bandwidth()] });
  await addCached(stage, "web", { bandwidth: limit(1_000_000) });
  await stage.node.run(["chmod", "700", cacheDir]);
  const options = ["top", "--cache-dir", cacheDir, "--once", "--interval", "0.2", "--json"];
  const sample: Sample = JSON.parse(await stage.node.run(await asNobody(stage, ...options)));
  expect(sample.pods).toMatchObject([{ pod: null, containerId: "web", standing: "unknown" }]);
});

test.each([
  ["--count", "0"],
  ["--interval", "0"],
  ["--sort", "size"],
  ["--once", "--count=2"],
])("%s %s is refused", async (option, value) => {
  await using stage = await Stage.set({ chained: [] });
  const { exitCode, stderr } = await stage.node.try(argv(option, value));
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(option.slice(2))]);
});

test.each(["--count", "--interval"])(
  "a word in the place of the number of %s is said to be none",
  async (option) => {
    await using stage = await Stage.set({ chained: [] });
    const { exitCode, stderr } = await stage.node.try(argv(option, "soon"));
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`${option} is no number: expected`)]);
  },
);

test("a node without limits", async () => {
  await using stage = await Stage.set({ chained: [] });
  expect(await stage.node.run(argv("--once", "--interval", "0.1"))).toBe("No pod is limited.\n");
});

test("on a terminal it is drawn, keys sort, and q ends it", async () => {
  await using stage = await Stage.set({ chained: [bandwidth()] });
  await addCached(stage, "web", { bandwidth: limit(1_000_000) });
  const { exitCode, stdout } = await onScreen(stage.node, argv("--interval", "0.2"), [
    ["\u2581", "n"],
    ["[name]", "q"],
  ]);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/<enter>.*\[in\].*default\/web.*▁.*\[name\].*<leave>/s);
});

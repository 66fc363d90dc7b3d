import type { Operation } from "./calls.ts";
import type { LifecycleOptions } from "./lifecycle.ts";
import type { SceneOptions } from "./scene.ts";
import { stormPods, stormWorkers } from "./storm.ts";

/** Something to measure on both sides. */
export interface Case {
  readonly name: string;
  readonly scene: SceneOptions;
  /** A pod's life, or many pods at once. */
  readonly life: LifecycleOptions | "storm";
  /** The operations that are in the headline table and in the quick run. */
  readonly headline: readonly Operation[];
  /** Share of the rounds to make, for what takes long. */
  readonly share: number;
  /** Ours over the reference's wall time, at most. */
  readonly targets: Readonly<Partial<Record<Operation, number>>>;
}

const scene: SceneOptions = { iptables: "nft", foreignRules: 0, otherPods: 0, pods: 1 };

const ports = (count: number): LifecycleOptions => ({
  plugins: ["portmap"],
  ports: count,
  dualStack: false,
  firstPod: false,
  operations: ["ADD", "CHECK", "DEL"],
});

const rare = { headline: [], share: 1, targets: {} };

/** The name without a variant of iptables is the one with nft. Those with the same scene stand together. */
export const cases: readonly Case[] = [
  ...(["portmap", "bandwidth", "loopback"] as const).map((plugin) => ({
    ...rare,
    name: plugin,
    scene,
    life: { ...ports(0), plugins: [plugin], operations: ["VERSION" as const] },
    headline: ["VERSION" as const],
  })),
  {
    name: "loopback",
    scene,
    life: { ...ports(0), plugins: ["loopback"] },
    headline: ["ADD"],
    share: 1,
    targets: { ADD: 2.5 },
  },
  {
    name: "bandwidth",
    scene,
    life: { ...ports(0), plugins: ["bandwidth"] },
    headline: ["ADD"],
    share: 1,
    targets: { ADD: 2.5 },
  },
  { ...rare, name: "portmap, 1 port", scene, life: ports(1) },
  {
    name: "portmap, 5 ports",
    scene,
    life: ports(5),
    headline: ["ADD", "DEL"],
    share: 1,
    targets: { ADD: 0.25, DEL: 0.4 },
  },
  { ...rare, name: "portmap, 20 ports", scene, life: ports(20) },
  {
    name: "portmap, 100 ports",
    scene,
    life: ports(100),
    headline: ["ADD"],
    share: 0.5,
    targets: { ADD: 0.05 },
  },
  // The reference\'s CHECK of both families fails on a healthy pod.
  {
    ...rare,
    name: "portmap, 5 ports, dual stack",
    scene,
    life: { ...ports(5), dualStack: true, operations: ["ADD", "DEL"] },
  },
  { ...rare, name: "portmap, nothing to remove", scene, life: { ...ports(5), operations: ["DEL"] } },
  {
    name: "chain of the three, 2 ports",
    scene,
    life: { ...ports(2), plugins: ["portmap", "bandwidth", "loopback"] },
    headline: ["ADD", "DEL"],
    share: 1,
    targets: { ADD: 0.5, DEL: 0.8 },
  },
  {
    name: "portmap, 1 port, first pod of a node",
    scene,
    life: { ...ports(1), firstPod: true, operations: ["ADD", "DEL"] },
    headline: ["ADD"],
    share: 1,
    targets: { ADD: 0.5 },
  },
  {
    name: "portmap, 5 ports, legacy",
    scene: { ...scene, iptables: "legacy" },
    life: ports(5),
    headline: ["ADD", "DEL"],
    share: 1,
    targets: { ADD: 0.25, DEL: 0.6 },
  },
  { ...rare, name: "portmap, 5 ports, 200 other pods", scene: { ...scene, otherPods: 200 }, life: ports(5) },
  { ...rare, name: besideRules(1_000), scene: { ...scene, foreignRules: 1_000 }, life: ports(5) },
  {
    name: besideRules(10_000),
    scene: { ...scene, foreignRules: 10_000 },
    life: ports(5),
    headline: ["ADD"],
    share: 0.5,
    targets: { ADD: 0.06 },
  },
  {
    name: besideRules(40_000),
    scene: { ...scene, foreignRules: 40_000 },
    life: ports(5),
    headline: ["ADD"],
    share: 0.25,
    targets: { ADD: 0.03 },
  },
  ...[1_000, 10_000, 40_000].map((foreignRules) => ({
    ...rare,
    name: `${besideRules(foreignRules)}, legacy`,
    scene: { ...scene, iptables: "legacy" as const, foreignRules },
    life: ports(5),
    share: foreignRules > 10_000 ? 0.25 : 0.5,
  })),
  {
    name: `storm of ${stormPods} pods, ${stormWorkers} at a time`,
    scene: { ...scene, pods: stormPods },
    life: "storm",
    headline: ["ADD", "DEL"],
    share: 0.35,
    targets: { ADD: 0.7, DEL: 0.7 },
  },
];

/** The cases of a run: all or those of the headline, and of these the ones with an operation that fits a pattern. */
export function choose(quick: boolean, only: RegExp): readonly Case[] {
  const chosen = quick ? cases.flatMap(quickened) : cases;
  return chosen.filter(({ name, life }) =>
    operationsOf(life).some((operation) => only.test(`${name} ${operation}`)),
  );
}

/** Without the operations that are not in the headline; ADD stays, since DEL needs it, and DEL, to clean up. */
function quickened(one: Case): readonly Case[] {
  if (one.headline.length === 0) return [];
  if (one.life === "storm") return [one];
  return [
    { ...one, life: { ...one.life, operations: one.life.operations.filter((name) => name !== "CHECK") } },
  ];
}

const operationsOf = (life: Case["life"]): readonly Operation[] =>
  life === "storm" ? ["ADD", "DEL"] : life.operations;

/** The points a growth is told from: the same call beside ever more rules. */
export const growth = {
  name: "portmap, 5 ports, growth per 1,000 foreign rules",
  target: 0.05,
  points: [
    { foreignRules: 0, of: "portmap, 5 ports" },
    ...[1_000, 10_000, 40_000].map((foreignRules) => ({ foreignRules, of: besideRules(foreignRules) })),
  ],
};

function besideRules(count: number): string {
  return `portmap, 5 ports, beside ${count.toLocaleString("en")} foreign rules`;
}

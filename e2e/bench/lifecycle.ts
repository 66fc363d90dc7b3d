import type { ResultDocument } from "../lib/cni.ts";
import { callsOf, type Job, type Operation, type PluginType } from "./calls.ts";
import type { Call, Outcome } from "./protocol.ts";
import { clearHostVeths, forgetAllPods, type Scene, type Site } from "./scene.ts";
import { problems } from "./work.ts";

export interface LifecycleOptions {
  readonly plugins: readonly PluginType[];
  readonly ports: number;
  readonly dualStack: boolean;
  /** Make each ADD the first of its node. */
  readonly firstPod: boolean;
  /** In this order. */
  readonly operations: readonly Operation[];
}

/** What both sides gave for one operation, in the order of the rounds. */
export interface Both<T> {
  readonly ours: readonly T[];
  readonly reference: readonly T[];
}

/** How calls are made: timed, weighed, traced. */
export type Way<T extends Outcome> = (site: Site, calls: readonly Call[]) => Promise<T>;

/**
 * Takes a pod through its operations on both nodes, again and again. For each operation one side comes right after
 * the other, and who is first changes. After each call the node is looked at; throws if the work was not done.
 */
export async function lifecycles<T extends Outcome>(
  scene: Scene,
  options: LifecycleOptions,
  rounds: number,
  way: Way<T>,
  onRound: (round: number) => void = () => {},
): Promise<ReadonlyMap<Operation, Both<T>>> {
  const collected = new Map<Operation, { ours: T[]; reference: T[] }>();
  for (let round = 0; round < rounds; round += 1) {
    onRound(round);
    const containerId = nextContainerId();
    const results = new Map<Site, ResultDocument>();
    for (const operation of options.operations) {
      const both = collected.get(operation) ?? { ours: [], reference: [] };
      collected.set(operation, both);
      for (const site of inTurn(scene, round)) {
        const [pod] = site.pods;
        if (pod === undefined) throw new Error("a scene has a pod at least");
        const job: Job = { ...options, containerId, pod };
        if (operation === "ADD" && options.firstPod) await forgetAllPods(site);
        const surroundings =
          operation === "CHECK" && !options.dualStack ? { ...site, env: site.ipv4Env } : site;
        const given = await way(site, callsOf(operation, job, surroundings, results.get(site)));
        if (given.error !== undefined) throw new Error(`${site.whose}: ${given.error}`);
        if (operation === "ADD" && given.result !== undefined) results.set(site, given.result);
        await expectWork(site, job, operation);
        if (operation === "DEL" && options.plugins.includes("bandwidth")) await clearHostVeths(site);
        both[site.whose].push(given);
      }
    }
  }
  return collected;
}

export const inTurn = ({ ours, reference }: Scene, round: number): readonly Site[] =>
  round % 2 === 0 ? [ours, reference] : [reference, ours];

/** Throws unless the node is as the operation should have left it. */
export async function expectWork(site: Site, job: Job, operation: Operation): Promise<void> {
  if (operation === "VERSION") return;
  const found = await problems(site.driver, job, operation === "DEL" ? "gone" : "done");
  if (found.length > 0) throw new Error(`${site.whose}, after ${operation}: ${found.join("; ")}`);
}

let containers = 0;

/** 64 hexadecimal digits, as runtimes give them. */
export function nextContainerId(): string {
  containers += 1;
  return containers.toString(16).padStart(64, "c0ffee");
}

import type { ResultDocument } from "../lib/cni.ts";
import { callsOf, type Job } from "./calls.ts";
import { type Both, expectWork, inTurn, nextContainerId } from "./lifecycle.ts";
import type { Stormed } from "./protocol.ts";
import { clearHostVeths, type Scene, type Site } from "./scene.ts";

export const stormPods = 50;
export const stormWorkers = 8;

/** All pods of a node come up at the same time, and go again; throws if the work of one was not done. */
export async function storms(
  scene: Scene,
  rounds: number,
  onRound: (round: number) => void,
): Promise<ReadonlyMap<"ADD" | "DEL", Both<Stormed>>> {
  const add = { ours: [] as Stormed[], reference: [] as Stormed[] };
  const del = { ours: [] as Stormed[], reference: [] as Stormed[] };
  for (let round = 0; round < rounds; round += 1) {
    onRound(round);
    const jobs = scene.ours.pods.map(
      (pod): Job => ({
        containerId: nextContainerId(),
        pod,
        plugins: ["portmap", "bandwidth", "loopback"],
        ports: 2,
        dualStack: false,
      }),
    );
    const results = new Map<Site, readonly (ResultDocument | undefined)[]>();
    for (const site of inTurn(scene, round)) {
      const stormed = await storm(site, "ADD", jobs, []);
      results.set(
        site,
        stormed.outcomes.map(({ result }) => result),
      );
      add[site.whose].push(stormed);
    }
    for (const site of inTurn(scene, round)) {
      del[site.whose].push(await storm(site, "DEL", jobs, results.get(site) ?? []));
    }
  }
  return new Map([
    ["ADD", add],
    ["DEL", del],
  ]);
}

async function storm(
  site: Site,
  operation: "ADD" | "DEL",
  jobs: readonly Job[],
  results: readonly (ResultDocument | undefined)[],
): Promise<Stormed> {
  const lists = jobs.map((job, at) => callsOf(operation, job, site, results[at]));
  const stormed = await site.driver.storm(lists, stormWorkers);
  const errors = stormed.outcomes.flatMap(({ error }) => error ?? []);
  if (errors.length > 0) throw new Error(`${site.whose}: ${errors.length} pods failed: ${errors[0]}`);
  for (const job of jobs) await expectWork(site, job, operation);
  if (operation === "DEL") await clearHostVeths(site);
  return stormed;
}

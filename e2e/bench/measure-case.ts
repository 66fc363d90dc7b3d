import type { Operation } from "./calls.ts";
import { type Case, growth } from "./cases.ts";
import { type Both, type LifecycleOptions, lifecycles } from "./lifecycle.ts";
import type { Cost } from "./protocol.ts";
import { type GrowthPoint, growthRow, type Row, rowOf } from "./rows.ts";
import { type Scene, setScene } from "./scene.ts";
import { storms } from "./storm.ts";

export interface Plan {
  readonly cases: readonly Case[];
  /** Pairs of a case with share 1. */
  readonly pairs: number;
  readonly quick: boolean;
  /** Told what is going on. */
  readonly progress: (text: string) => void;
  /** Told of each row as it is there. */
  readonly onRow: (row: Row) => void;
}

/** Measures cases, those with the same scene on the same two nodes. Throws if a plugin did not do its work. */
export async function measureCases(plan: Plan): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const adds = new Map<string, Both<Cost>>();
  const push = (row: Row) => {
    rows.push(row);
    plan.onRow(row);
  };
  let left = [...plan.cases];
  while (left[0] !== undefined) {
    const first = left[0];
    plan.progress(`${first.name}: making two nodes`);
    await using scene = await setScene(first.scene);
    const here = left.filter((one) => sameScene(one, first));
    left = left.filter((one) => !here.includes(one));
    for (const one of here) {
      for (const [operation, costs, anatomy] of await measureCase(one, scene, plan)) {
        if (operation === "ADD") adds.set(one.name, costs);
        push(rowOf(frameOf(one, operation), costs, anatomy));
      }
    }
  }
  const points = growth.points.flatMap(({ foreignRules, of }): GrowthPoint[] => {
    const costs = adds.get(of);
    return costs === undefined ? [] : [{ foreignRules, costs }];
  });
  if (points.length > 1) {
    push(growthRow({ name: growth.name, operation: "ADD", headline: true, target: growth.target }, points));
  }
  return rows;
}

const sameScene = (a: Case, b: Case): boolean => JSON.stringify(a.scene) === JSON.stringify(b.scene);

const frameOf = ({ name, headline, targets }: Case, operation: Operation) => ({
  name,
  operation,
  headline: headline.includes(operation),
  target: targets[operation],
});

type Measurements = readonly (readonly [Operation, Both<Cost>, Row["anatomy"]])[];

async function measureCase(one: Case, scene: Scene, plan: Plan): Promise<Measurements> {
  const { life } = one;
  const rounds = Math.max(Math.min(plan.pairs, 2), Math.round(plan.pairs * one.share));
  const say = (round: number) => plan.progress(`${one.name}: pair ${round + 1} of ${rounds}`);
  if (life === "storm") {
    return [...(await storms(scene, rounds, say))].map(([operation, costs]) => [operation, costs, undefined]);
  }
  plan.progress(`${one.name}: warming up`);
  if (one.share === 1) await lifecycles(scene, life, 1, (site, calls) => site.driver.measure(calls));
  const measured = await lifecycles(scene, life, rounds, (site, calls) => site.driver.measure(calls), say);
  const dissect = !plan.quick || one.scene.foreignRules < 10_000;
  if (dissect) plan.progress(`${one.name}: counting`);
  const anatomies = dissect ? await anatomiesOf(scene, life) : undefined;
  return [...measured].map(([operation, costs]) => [operation, costs, anatomies?.get(operation)]);
}

/** Memory, processes and transactions, by calls of their own: what tells them would spoil the times. */
async function anatomiesOf(
  scene: Scene,
  life: LifecycleOptions,
): Promise<ReadonlyMap<Operation, NonNullable<Row["anatomy"]>>> {
  const weighed = await lifecycles(scene, life, 1, (site, calls) => site.driver.weigh(calls));
  const traced = await lifecycles(scene, life, 1, (site, calls) => site.driver.trace(calls));
  const of = (operation: Operation, side: "ours" | "reference") => {
    const [weight, counts] = [weighed.get(operation)?.[side][0], traced.get(operation)?.[side][0]];
    if (weight === undefined || counts === undefined) throw new Error(`${operation} was not looked into`);
    const { processes, transactions } = counts;
    return { peakBytes: weight.peakBytes, processes, transactions };
  };
  return new Map(
    life.operations.map((operation) => [
      operation,
      { ours: of(operation, "ours"), reference: of(operation, "reference") },
    ]),
  );
}

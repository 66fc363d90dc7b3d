import type { Operation } from "./calls.ts";
import type { Both } from "./lifecycle.ts";
import type { Cost, Counts } from "./protocol.ts";
import { pairwiseRatios, type Spread, slope, spread } from "./statistics.ts";

/** A line of the table. */
export interface Row {
  readonly name: string;
  readonly operation: Operation;
  /** Of the two sides' values. */
  readonly unit: "ms" | "ms per 1,000 rules";
  readonly pairs: number;
  readonly ours: Spread;
  readonly reference: Spread;
  /** Of each pair's ratio, ours over the reference's, not the ratio of the medians. */
  readonly ratio: Spread;
  readonly cpuRatio?: Spread;
  readonly anatomy?: { readonly ours: Anatomy; readonly reference: Anatomy };
  /** The ratio, at most. */
  readonly target?: number;
  readonly headline: boolean;
}

/** What a call is made of. */
interface Anatomy extends Counts {
  readonly peakBytes: number;
}

export interface RowFrame {
  readonly name: string;
  readonly operation: Operation;
  readonly headline: boolean;
  readonly target: number | undefined;
}

/** The row of pairs of measurements. */
export function rowOf(frame: RowFrame, costs: Both<Cost>, anatomy: Row["anatomy"]): Row {
  const wall = each(costs, ({ wallMs }) => wallMs);
  const cpu = each(costs, ({ cpuMs }) => cpuMs);
  return {
    ...framed(frame),
    unit: "ms",
    ...sides(wall),
    cpuRatio: spread(pairwiseRatios(cpu.ours, cpu.reference)),
    ...(anatomy === undefined ? {} : { anatomy }),
  };
}

/** Costs of the same call beside a number of foreign rules. */
export interface GrowthPoint {
  readonly foreignRules: number;
  readonly costs: Both<Cost>;
}

/** How much longer a call takes for every 1,000 rules; a slope for each round that all points have. */
export function growthRow(frame: RowFrame, points: readonly GrowthPoint[]): Row {
  const rounds = Math.min(...points.map(({ costs }) => costs.ours.length));
  const slopes = (side: "ours" | "reference") =>
    Array.from({ length: rounds }, (_, round) =>
      slope(
        points.map(({ foreignRules, costs }) => ({
          x: foreignRules / 1000,
          y: costs[side][round]?.wallMs ?? Number.NaN,
        })),
      ),
    );
  const both = { ours: slopes("ours"), reference: slopes("reference") };
  return { ...framed(frame), unit: "ms per 1,000 rules", ...sides(both) };
}

/** Over the target, by the median of the ratios. */
export function missesTarget({ ratio, target }: Row): boolean {
  return target !== undefined && ratio.median > target;
}

function framed({ target, ...frame }: RowFrame) {
  return { ...frame, ...(target === undefined ? {} : { target }) };
}

function sides(values: Both<number>): Pick<Row, "pairs" | "ours" | "reference" | "ratio"> {
  return {
    pairs: values.ours.length,
    ours: spread(values.ours),
    reference: spread(values.reference),
    ratio: spread(pairwiseRatios(values.ours, values.reference)),
  };
}

function each(costs: Both<Cost>, value: (cost: Cost) => number): Both<number> {
  return { ours: costs.ours.map(value), reference: costs.reference.map(value) };
}

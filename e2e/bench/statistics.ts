/** Middle and spread of a sample. */
export interface Spread {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
}

/** Median and quartiles, interpolated between neighbours (type 7 of Hyndman and Fan). Throws on an empty sample. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { lower: quantile(sorted, 0.25), median: quantile(sorted, 0.5), upper: quantile(sorted, 0.75) };
}

function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  if (below === undefined || above === undefined) throw new RangeError("an empty sample has no quantiles");
  return below + (above - below) * (at - Math.floor(at));
}

/**
 * Each value over its partner, which was measured right beside it: what slows the machine down for a while slows
 * both. Throws if one of them has no partner.
 */
export function pairwiseRatios(values: readonly number[], partners: readonly number[]): readonly number[] {
  if (values.length !== partners.length) {
    throw new RangeError(`${values.length} values, but ${partners.length} partners`);
  }
  return values.map((value, at) => value / (partners[at] ?? Number.NaN));
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Slope of the straight line through points that leaves the least squares. Throws unless two x differ. */
export function slope(points: readonly Point[]): number {
  const mean = (of: (point: Point) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const square = points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
  if (!(square > 0)) throw new RangeError("a slope needs points at two places at least");
  return points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0) / square;
}

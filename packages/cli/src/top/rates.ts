import type { Owner } from "../node/owner.ts";
import type { LimitRow } from "../node/rows.ts";
import type { Limit } from "../node/shaping.ts";

/** Limited pods at a time, in milliseconds of a clock that only goes forward. */
export interface Sample {
  readonly atMs: number;
  readonly rows: readonly LimitRow[];
}

/** What went through a limit between two samples. */
export interface Flow {
  readonly limitBitsPerSecond: number;
  readonly bitsPerSecond: number;
  readonly dropsPerSecond: number;
  /** How often a packet had to wait for the rate. */
  readonly overlimitsPerSecond: number;
  /** Bytes that wait now. */
  readonly backlogBytes: number;
}

/** A pod's traffic; undefined where a direction has no limit. */
export interface TopRow {
  /** What tells one row from another from sample to sample: the pod's device, or the ifb that is left of it. */
  readonly key: string;
  readonly hostDevice: string | undefined;
  readonly ifb: string | undefined;
  readonly owner: Owner;
  readonly in: Flow | undefined;
  readonly out: Flow | undefined;
}

/** The rates of the later sample's rows; of a limit that was made in between, or made anew, they are 0. */
export function ratesBetween(before: Sample, after: Sample): TopRow[] {
  const seconds = (after.atMs - before.atMs) / 1000;
  const old = new Map(before.rows.map((row) => [keyOf(row), row.shaped]));
  return after.rows.map((row) => {
    const { shaped, owner } = row;
    const key = keyOf(row);
    const { hostDevice, ifb, ingress, egress } = shaped;
    const previous = old.get(key);
    return {
      key,
      hostDevice,
      ifb,
      owner,
      in: flow(previous?.ingress, ingress, seconds),
      out: flow(previous?.egress, egress, seconds),
    };
  });
}

function keyOf({ shaped: { hostDevice, ifb } }: LimitRow): string {
  return hostDevice ?? ifb ?? "";
}

function flow(before: Limit | undefined, after: Limit | undefined, seconds: number): Flow | undefined {
  if (after === undefined) return undefined;
  // A counter of bytes never goes back: less than before is another qdisc.
  const from = before !== undefined && before.bytes <= after.bytes ? before : after;
  return {
    limitBitsPerSecond: after.rateBitsPerSecond,
    bitsPerSecond: ((after.bytes - from.bytes) * 8) / seconds,
    dropsPerSecond: wrapped(after.drops - from.drops) / seconds,
    overlimitsPerSecond: wrapped(after.overlimits - from.overlimits) / seconds,
    backlogBytes: after.backlogBytes,
  };
}

/** The difference of two counters of 32 bits. */
function wrapped(difference: number): number {
  return difference < 0 ? difference + 2 ** 32 : difference;
}

import { expect, test } from "vitest";
import type { Limit } from "../node/shaping.ts";
import { remembered, sparkline } from "./history.ts";
import { sorted } from "./order.ts";
import { ratesBetween, type Sample } from "./rates.ts";

const unknown = { kind: "unknown", reason: "" } as const;
const owner = {
  network: undefined,
  containerId: undefined,
  ifname: undefined,
  pod: undefined,
  standing: unknown,
};
const limit = (bytes: number, more: Partial<Limit> = {}): Limit => ({
  rateBitsPerSecond: 1000,
  burstBits: 1,
  bytes,
  packets: 1,
  drops: 0,
  overlimits: 0,
  backlogBytes: 0,
  ...more,
});
interface Directions {
  readonly in?: Limit;
  readonly out?: Limit;
}
const sample = (atMs: number, devices: Readonly<Record<string, Directions>>): Sample => ({
  atMs,
  rows: Object.entries(devices).map(([hostDevice, directions]) => ({
    owner,
    shaped: {
      hostDevice,
      ifb: undefined,
      redirected: true,
      network: undefined,
      containerId: undefined,
      ifname: undefined,
      ingress: directions.in,
      egress: directions.out,
    },
  })),
});

test("rates are differences over the time between, and 32-bit counters may wrap", () => {
  const before = sample(1000, { a: { in: limit(100, { drops: 2 ** 32 - 1, overlimits: 4 }) } });
  const after = sample(3000, { a: { in: limit(350, { drops: 3, overlimits: 8, backlogBytes: 9 }) } });
  expect(ratesBetween(before, after)[0]?.in).toEqual({
    limitBitsPerSecond: 1000,
    bitsPerSecond: 1000,
    dropsPerSecond: 2,
    overlimitsPerSecond: 2,
    backlogBytes: 9,
  });
  expect(ratesBetween(before, after)[0]?.out).toBeUndefined();
});

test("a limit that is new, or was made anew, begins at 0", () => {
  const before = sample(0, { a: { in: limit(100, { drops: 7 }) } });
  const after = sample(1000, { a: { in: limit(50, { drops: 1 }) }, b: { out: limit(9999) } });
  const [again, fresh] = ratesBetween(before, after);
  expect(again?.in).toMatchObject({ bitsPerSecond: 0, dropsPerSecond: 0 });
  expect(fresh?.out).toMatchObject({ bitsPerSecond: 0 });
});

test("the busiest first, the name among equals; what is gone is forgotten", () => {
  const before = sample(0, { c: { in: limit(0) }, a: { in: limit(0), out: limit(0) }, b: { in: limit(0) } });
  const after = sample(1000, {
    c: { in: limit(100) },
    a: { in: limit(0), out: limit(7) },
    b: { in: limit(0, { drops: 1 }) },
  });
  const rows = ratesBetween(before, after);
  const keys = (order: Parameters<typeof sorted>[1]) =>
    sorted(rows, order)
      .map(({ key }) => key)
      .join("");
  expect([keys("in"), keys("out"), keys("drops"), keys("name")]).toEqual(["cab", "abc", "bac", "abc"]);
  const history = remembered(new Map([["gone", { in: [1], out: [1] }]]), rows);
  expect([...history.keys()].sort()).toEqual(["a", "b", "c"]);
  expect(remembered(history, rows).get("c")).toEqual({ in: [0.8, 0.8], out: [0, 0] });
});

test("bars are of the limit; above it there is no more than a full one", () => {
  expect(sparkline([0, 0.125, 0.126, 0.5, 1, 1.4], 8)).toBe("  ▁▁▂▄██");
  expect(sparkline([1, 0, 0], 2)).toBe("▁▁");
});

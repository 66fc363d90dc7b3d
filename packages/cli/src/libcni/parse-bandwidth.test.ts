import { describe, expect, test } from "vitest";
import { UsageError } from "../failure.ts";
import { parseBandwidth } from "./parse-bandwidth.ts";
import { parseQuantity } from "./parse-quantity.ts";

test.each([
  ["10M", 10_000_000n],
  ["1Gi", 2n ** 30n],
  ["500k", 500_000n],
  ["0", 0n],
  ["1.5M", 1_500_000n],
  [".5Ki", 512n],
  ["1.", 1n],
  ["1e3", 1000n],
  ["1.5E3", 1500n],
  ["2E", 2n * 10n ** 18n],
  ["12e-1", 2n],
  ["1500m", 2n],
  ["1u", 1n],
  ["+3P", 3n * 10n ** 15n],
  ["9007199254740993", 9_007_199_254_740_993n],
])("the quantity %s", (text, value) => {
  expect(parseQuantity(text)).toBe(value);
});

test.each(["", "M", "10 M", "10MB", "10K", "10mi", "-1", "1,5M", "0x10", "1e", ".", "10Mbit"])(
  "%j is no quantity",
  (text) => {
    expect(parseQuantity(text)).toBeUndefined();
  },
);

describe("limits", () => {
  test("none", () => {
    expect(parseBandwidth({})).toEqual({});
  });

  test("of one direction say nothing of the other", () => {
    expect(parseBandwidth({ egressBandwidth: "10M", egressBurst: "1M" })).toEqual({
      egressRate: 10_000_000,
      egressBurst: 1_000_000,
    });
  });

  test.each([
    ["10M", 500_000],
    ["1k", 96_896],
    ["1P", 34_359_738_359],
  ])(
    "the burst for %s is 50 ms, no less than eight frames, no more than the kernel counts",
    (rate, burst) => {
      expect(parseBandwidth({ ingressBandwidth: rate }).ingressBurst).toBe(burst);
    },
  );

  test.each([
    [{ ingressBandwidth: "999" }, "1k to 1P"],
    [{ ingressBandwidth: "1001T" }, "1k to 1P"],
    [{ egressBandwidth: "10Mbit" }, "--egress-bandwidth 10Mbit"],
    [{ ingressBurst: "1M" }, "--ingress-burst goes with --ingress-bandwidth"],
    [{ ingressBandwidth: "1M", ingressBurst: "0" }, "--ingress-burst 0"],
    [{ ingressBandwidth: "1M", ingressBurst: "1T" }, "--ingress-burst 1T"],
  ])("%j is refused", (words, message) => {
    expect(() => parseBandwidth(words)).toThrow(UsageError);
    expect(() => parseBandwidth(words)).toThrow(message);
  });
});

import { expect, test } from "vitest";
import { readConfig, standsForNoBurst } from "./config.ts";

const off = { ingress: undefined, egress: undefined, latency: 25, timeoutMs: 30_000 };

test.each([
  ["nothing", {}, off],
  ["zeroes", { ingressRate: 0, ingressBurst: 0, egressRate: 0, egressBurst: 0 }, off],
  ["top level", { ingressRate: 8, ingressBurst: 80 }, { ...off, ingress: { rate: 8, burst: 80 } }],
  [
    "the runtime's",
    {
      runtimeConfig: { bandwidth: { egressRate: 1000, egressBurst: 2000, ingressRate: 0, ingressBurst: 0 } },
    },
    { ...off, egress: { rate: 1000, burst: 2000 } },
  ],
  [
    "top level before the runtime's",
    { egressRate: 0, runtimeConfig: { bandwidth: { ingressRate: 1000, ingressBurst: 2000 } } },
    off,
  ],
  [
    "64 bit",
    { ingressRate: 2n ** 64n - 1n, ingressBurst: 8 },
    { ...off, ingress: { rate: 2 ** 64, burst: 8 } },
  ],
  [
    "64 bit as it comes from JSON",
    { ingressRate: Number(2n ** 64n - 1n), ingressBurst: 8 },
    { ...off, ingress: { rate: 2 ** 64, burst: 8 } },
  ],
  ["latency in s", { latency: "1.5s" }, { ...off, latency: 1500 }],
  ["its time", { timeoutSeconds: 600 }, { ...off, timeoutMs: 600_000 }],
  ["latency in us", { latency: "500us" }, { ...off, latency: 0.5 }],
])("reads %s", (_name, netConf, value) => {
  expect(readConfig(netConf)).toEqual({ ok: true, value });
});

test.each([2147483647, 4294967295, 4294967296, 34359738359, 34359738368])(
  "takes the runtime's burst %d for none given, unless told otherwise",
  (burst) => {
    const runtimeConfig = { bandwidth: { ingressRate: 10_000_000, ingressBurst: burst } };
    const read = (fields: object) => readConfig({ runtimeConfig, ...fields });
    expect(read({})).toMatchObject({ value: { ingress: { burst: "fromRate" } } });
    const literal = read({ honourRuntimeBurst: true });
    // 2^35 bits are more than the kernel counts, so that one cannot be honoured.
    if (burst < 34359738360) expect(literal).toMatchObject({ value: { ingress: { burst } } });
    else expect(literal.ok).toBe(false);
  },
);

test("keeps such a burst where an operator has written it", () => {
  const read = readConfig({ ingressRate: 10_000_000, ingressBurst: 4294967295 });
  expect(read).toMatchObject({ value: { ingress: { burst: 4294967295 } } });
});

test.each([2147483646n, 2147483648n, 4_200_000_000n, 4_400_000_000n, 1_000_000_000n])(
  "%d bits are somebody's own choice",
  (burst) => expect(standsForNoBurst(burst)).toBe(false),
);

test.each([
  ["ingressBurst", { ingressRate: 800 }, /missing or 0, but ingressRate is 800/],
  ["egressRate", { egressBurst: 900 }, /missing or 0, but egressBurst is 900/],
  ["ingressRate", { ingressRate: 2 ** 65, ingressBurst: 8 }, /out of range; 0 to 18446744073709551615 are/],
  ["ingressBurst", { ingressRate: 8, ingressBurst: 2 ** 64 }, /bits are too many/],
  ["ingressRate", { ingressRate: 7, ingressBurst: 800 }, /7 bit\/s is less than a byte a second/],
  ["ingressBurst", { ingressRate: 800, ingressBurst: 4294967295n * 8n }, /34359738360 bits are too many/],
  ["latency", { latency: "25" }, /"25" is no time/],
  ["latency", { latency: "0ms" }, /"0ms" is no time/],
  ["latency", { latency: "61s" }, /up to 60s/],
  [
    "runtimeConfig.bandwidth.egressBurst",
    { runtimeConfig: { bandwidth: { egressRate: 800 } } },
    /but egressRate is 800/,
  ],
])("names the field %s and the value", (path, netConf, message) => {
  expect(readConfig(netConf)).toEqual({
    ok: false,
    problems: [{ path, message: expect.stringMatching(message) }],
  });
});

test("takes the largest burst the kernel counts", () => {
  expect(readConfig({ ingressRate: 800, ingressBurst: 4294967295n * 8n - 1n }).ok).toBe(true);
});

test("tells all problems at once", () => {
  const read = readConfig({ ingressRate: 3, ingressBurst: 1, egressBurst: 5, latency: "x" });
  expect(read).toMatchObject({
    problems: [{ path: "ingressRate" }, { path: "egressRate" }, { path: "latency" }],
  });
});

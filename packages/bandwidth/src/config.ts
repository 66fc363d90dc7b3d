import { type JsonObject, type Problem, type Read, toolTimeoutMs } from "@cni-chain/core";
import {
  type Bits,
  type BitsPerSecond,
  bits,
  bitsPerSecond,
  type Milliseconds,
  milliseconds,
  mostBytes,
} from "tc-ts";

/** bandwidth's configuration after reading: defaults filled in, every value checked. */
export interface BandwidthConfig {
  /** Traffic into the container; undefined: not limited. */
  readonly ingress: Limit | undefined;
  /** Traffic out of the container; undefined: not limited. */
  readonly egress: Limit | undefined;
  /** How long a packet may wait in the queue before new ones are dropped. */
  readonly latency: Milliseconds;
  /** Milliseconds for all processes together, where any have to be started. */
  readonly timeoutMs: number;
}

export interface Limit {
  readonly rate: BitsPerSecond;
  /** What may pass at once; `fromRate` where nobody has said. */
  readonly burst: Bits | "fromRate";
}

/** The reference's, which is fixed there. */
const defaultLatency = milliseconds(25);
const longestLatency = milliseconds(60_000);

const directions = ["ingress", "egress"] as const;
type Direction = (typeof directions)[number];
type Fields = Readonly<Record<`${Direction}${"Rate" | "Burst"}`, bigint>>;

/**
 * Reads the fields that are bandwidth's. The schema has checked types; what it cannot say is checked here.
 * Limits at top level win over runtimeConfig.bandwidth as a whole, as in the reference.
 */
export function readConfig(netConf: JsonObject): Read<BandwidthConfig> {
  const written = netConf as WrittenConfig;
  const fromRuntime = directions.every(
    (direction) => written[`${direction}Rate`] === undefined && written[`${direction}Burst`] === undefined,
  );
  const source = fromRuntime ? (written.runtimeConfig?.bandwidth ?? {}) : written;
  const fields: Fields = {
    ingressRate: BigInt(source.ingressRate ?? 0),
    ingressBurst: BigInt(source.ingressBurst ?? 0),
    egressRate: BigInt(source.egressRate ?? 0),
    egressBurst: BigInt(source.egressBurst ?? 0),
  };
  const place = fromRuntime ? "runtimeConfig.bandwidth." : "";
  const placeholders = fromRuntime && written.honourRuntimeBurst !== true;
  const problems = directions.flatMap((direction) => limitProblems(fields, direction, place, placeholders));
  const latency = written.latency === undefined ? defaultLatency : readLatency(written.latency);
  if (latency === undefined) {
    problems.push({
      path: "latency",
      message: `${JSON.stringify(written.latency)} is no time; write a number with us, ms or s, above 0 and up to ${longestLatency / 1000}s, as "25ms"`,
    });
  }
  if (problems.length > 0 || latency === undefined) return { ok: false, problems };
  return {
    ok: true,
    value: {
      ingress: limit(fields.ingressRate, fields.ingressBurst, placeholders),
      egress: limit(fields.egressRate, fields.egressBurst, placeholders),
      latency,
      timeoutMs: toolTimeoutMs(written.timeoutSeconds),
    },
  };
}

/**
 * True for the bursts that runtimes send when a pod has an annotation for its rate and Kubernetes has none for its
 * burst: 2^31-1 (kubelet's dockershim) and about 2^32 bits (containerd: 4294967295) or 2^32 bytes (CRI-O),
 * within 1 %.
 */
export function standsForNoBurst(burst: bigint): boolean {
  const near = (value: bigint): boolean => burst * 100n >= value * 99n && burst * 100n <= value * 101n;
  return burst === 2n ** 31n - 1n || near(2n ** 32n) || near(2n ** 35n);
}

function limit(rate: bigint, burst: bigint, placeholders: boolean): Limit | undefined {
  if (rate === 0n) return undefined;
  return {
    rate: bitsPerSecond(rate),
    burst: placeholders && standsForNoBurst(burst) ? "fromRate" : bits(burst),
  };
}

/** What the largest number of 64 bits, 2^64 - 1, comes as: JSON's numbers are doubles here, and that is the next one. */
const largest = 2n ** 64n;

function limitProblems(
  fields: Fields,
  direction: Direction,
  place: string,
  placeholders: boolean,
): Problem[] {
  const [rateField, burstField] = [`${direction}Rate`, `${direction}Burst`] as const;
  const [rate, burst] = [fields[rateField], fields[burstField]];
  const problems: Problem[] = [];
  for (const field of [rateField, burstField]) {
    if (fields[field] < 0n || fields[field] > largest) {
      problems.push({
        path: `${place}${field}`,
        message: `${fields[field]} is out of range; 0 to ${2n ** 64n - 1n} are allowed, 0 for no limit`,
      });
    }
  }
  if (rate > 0n && rate < 8n) {
    problems.push({
      path: `${place}${rateField}`,
      message: `${rate} bit/s is less than a byte a second; give at least 8, or 0 for no limit`,
    });
  }
  if (rate > 0n && burst === 0n) {
    problems.push({
      path: `${place}${burstField}`,
      message: `missing or 0, but ${rateField} is ${rate}; give both or neither`,
    });
  }
  if (rate === 0n && burst > 0n) {
    problems.push({
      path: `${place}${rateField}`,
      message: `missing or 0, but ${burstField} is ${burst}; give both or neither`,
    });
  }
  const counts = !(placeholders && standsForNoBurst(burst));
  if (counts && burst / 8n >= BigInt(mostBytes) && burst <= largest) {
    problems.push({
      path: `${place}${burstField}`,
      message: `${burst} bits are too many; at most ${BigInt(mostBytes) * 8n - 1n}, which is what the kernel can count`,
    });
  }
  return problems;
}

function readLatency(text: string): Milliseconds | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(us|ms|s)$/.exec(text) ?? [];
  const time = Number(amount) * (unit === "s" ? 1000 : unit === "us" ? 0.001 : 1);
  return time > 0 && time <= longestLatency ? milliseconds(time) : undefined;
}

type WrittenFields = { readonly [Field in keyof Fields]?: number | bigint };

/** The fields as the schema lets them through. */
interface WrittenConfig extends WrittenFields {
  readonly latency?: string;
  readonly timeoutSeconds?: number;
  readonly honourRuntimeBurst?: boolean;
  readonly runtimeConfig?: { readonly bandwidth?: WrittenFields };
}

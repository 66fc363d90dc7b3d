import {
  type Bytes,
  bytes,
  bytesIn,
  type Milliseconds,
  milliseconds,
  mostBytes,
  rateInBytes,
  sizeInBytes,
  type Tbf,
} from "tc-ts";
import type { Limit } from "./config.ts";

/** A limit as a tbf, and what a person should know about it. */
export interface Shaping {
  readonly tbf: Tbf;
  /** The burst asked for in bytes, where it was too small to be kept. */
  readonly raisedFrom: Bytes | undefined;
}

/** An Ethernet header stands before the MTU's bytes, and tbf counts it. */
const headerBytes = 14;
/**
 * What a chosen burst holds at least: 8 packets of Ethernet's usual MTU, and 2 of the device's own. Below it, TCP loses
 * so many packets of its opening that slow links stay idle.
 */
const smallestChoice = 8 * (1500 + headerBytes);
/**
 * A chosen burst passes in this time: 5 % on top of the first second. From 10 Mbit/s on it holds the largest packet
 * of segmentation offload (64 KiB), which tbf need not cut up then.
 */
const burstTime = milliseconds(50);

/**
 * The tbf of a limit on a device of this MTU (bytes), with handle `1:` as the reference's:
 *
 * - rate R = limit.rate / 8 in byte/s
 * - burst B = limit.burst / 8, at least one packet (MTU + 14 bytes), since a larger packet never passes a tbf.
 *   Where nobody gave one: R x 50 ms, at least 12112 bytes (8 packets of 1500) and 2 packets.
 * - limit = R x latency + B bytes, the most that waits and passes; at most 2^32 - 1, what the kernel can count.
 */
export function shape(limit: Limit, mtu: number, latency: Milliseconds): Shaping {
  const rate = rateInBytes(limit.rate);
  const packet = mtu + headerBytes;
  const asked = limit.burst === "fromRate" ? undefined : sizeInBytes(limit.burst);
  const burst = capped(
    asked === undefined
      ? Math.max(bytesIn(rate, burstTime), smallestChoice, 2 * packet)
      : Math.max(asked, packet),
  );
  return {
    tbf: { kind: "tbf", handle: "1:", rate, burst, limit: capped(bytesIn(rate, latency) + burst) },
    raisedFrom: asked !== undefined && asked < burst ? asked : undefined,
  };
}

function capped(size: number): Bytes {
  return bytes(Math.min(size, mostBytes));
}

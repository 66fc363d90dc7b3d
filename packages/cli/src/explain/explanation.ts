import type { Packet } from "./packet.ts";

/** The places a packet comes through, in their order. */
type HopName =
  | "arrival"
  | "prerouting"
  | "output"
  | "routing"
  | "forward"
  | "postrouting"
  | "pod"
  | "listener"
  | "reply";

/** A rule that took the packet, or may. */
export interface RuleLine {
  readonly table: string;
  readonly chain: string;
  /** From 1 on; null: the chain's policy. */
  readonly number: number | null;
  readonly text: string;
}

export interface Hop {
  readonly name: HopName;
  readonly passes: boolean;
  /** False where something is not known that may change the outcome. */
  readonly certain: boolean;
  readonly text: string;
  readonly rules: readonly RuleLine[];
  /** Rules that were not understood, and could have decided otherwise. */
  readonly doubts: readonly RuleLine[];
  /** What would let it pass. */
  readonly remedy?: string;
}

/** Whom the port is forwarded to. */
export interface Receiver {
  readonly address: string;
  readonly port: number;
  readonly network: string | null;
  readonly containerId: string | null;
  /** NAMESPACE/NAME, where a runtime said so. */
  readonly pod: string | null;
}

export interface Explanation {
  readonly protocol: Packet["protocol"];
  readonly port: number;
  readonly family: Packet["family"];
  readonly from: string;
  readonly to: string;
  /** A connection from there would be answered by a pod. */
  readonly delivered: boolean;
  readonly certain: boolean;
  readonly stoppedAt: HopName | null;
  readonly conclusion: string;
  readonly hops: readonly Hop[];
  readonly receiver: Receiver | null;
  /** Limits on the way, in bit/s. */
  readonly limits: {
    readonly ingressBitsPerSecond: number | null;
    readonly egressBitsPerSecond: number | null;
  };
  /** Who else wants the port, and what is near one that nobody forwards. */
  readonly notes: readonly string[];
  readonly problems: readonly string[];
}

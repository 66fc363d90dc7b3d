import type { Runner } from "@cni-chain/exec";
import { type Links, linksByTool } from "@cni-chain/ip-ts";
import { type TrafficControl, trafficControlByTool } from "tc-ts";

/** Everything of a node that this plugin reads and changes. */
export interface Network {
  readonly links: Links;
  readonly tc: TrafficControl;
  /** Failed work is about to be taken back: what does it is given time again. */
  turnBack?(): void;
}

/** By `ip` and `tc`, for where this process cannot do it by itself. */
export function networkByTools(runner: Runner): Network {
  return { links: linksByTool(runner), tc: trafficControlByTool(runner) };
}

import type { Runner } from "@cni-chain/exec";
import type { TcChange } from "./change.ts";
import { change, observe } from "./client.ts";
import type { DeviceShaping } from "./qdisc.ts";

/**
 * Qdiscs and filters of a node, whoever carries it out: the `tc` of a runner (here), or this process by rtnetlink
 * (`tc-ts/netlink`). Both leave the same behind. What cannot be done is thrown, as an error that names the change; a device that
 * does not exist is an answer.
 */
export interface TrafficControl {
  /** Qdiscs and ingress filters; a device that does not exist is left out. */
  observe(devices: readonly string[]): Promise<ReadonlyMap<string, DeviceShaping>>;
  /** Makes the changes in their order. Stops at the first that is refused; what came before it stays made. */
  change(changes: readonly TcChange[]): Promise<void>;
}

/** By `tc`: a process a call, none without changes. Throws CommandError, TypeError, RangeError. */
export function trafficControlByTool(runner: Runner): TrafficControl {
  return {
    observe: (devices) => observe(runner, devices),
    change: (changes) => change(runner, changes),
  };
}

import type { Runner } from "@cni-chain/exec";
import type { Iptables } from "iptables-wrapper";
import type { Kernel } from "./kernel.ts";

/** Everything through which portmap touches the node. */
export interface Tools {
  readonly iptables: Iptables;
  readonly runner: Runner;
  readonly kernel: Kernel;
}

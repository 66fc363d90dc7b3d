import type { Runner } from "@cni-chain/exec";
import type { Backend } from "./backend.ts";
import type { Kernel } from "./kernel.ts";

/** Everything through which portmap touches the node. */
export interface Tools extends Host {
  readonly backend: Backend;
}

/** What every backend needs beside its own tool. */
export interface Host {
  readonly runner: Runner;
  readonly kernel: Kernel;
  /** PATH of the runner. */
  readonly path: string;
  /** True where a container that another backend forwards to is reached by a device; absent for one backend alone. */
  readonly isReachedElsewhere?: (device: string) => Promise<boolean>;
}

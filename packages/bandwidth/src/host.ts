import type { Network } from "./network.ts";

/** What does the work: the process itself where it can, or else `ip` and `tc`. */
export interface Host {
  /** Undefined where the engine cannot make sockets to the kernel. */
  byNetlink(): Promise<Network | undefined>;
  byTools(timeoutMs: number): Promise<Network>;
  /** PATH, on which tools are looked up. */
  readonly path: string;
}

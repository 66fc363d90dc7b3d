import type { Network } from "./network.ts";

/** What does the work: the process itself where it can, or else `ip` and `tc`. */
export interface Host {
  /** Waits for whoever else changes this container's limits, and keeps others from it. Throws CniError 11. */
  lock?(containerId: string, timeoutMs: number): Promise<void>;
  /** Undefined where the engine cannot make sockets to the kernel. */
  byNetlink(): Promise<Network | undefined>;
  byTools(timeoutMs: number): Promise<Network>;
  /** PATH, on which tools are looked up. */
  readonly path: string;
}

import type { Links } from "@cni-chain/ip-ts";

/** What does the work: the process itself where it can, or else `ip`. */
export interface Host {
  /** Undefined where the engine cannot make sockets to the kernel. */
  byNetlink(): Promise<Links | undefined>;
  byTools(): Promise<Links>;
  /** PATH, on which tools are looked up. */
  readonly path: string;
}

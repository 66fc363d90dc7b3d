import type { Runner } from "@cni-chain/exec";
import type { OpenSocket } from "@cni-chain/netlink";
import type { Nftables } from "@cni-chain/nft-ts";
import type { Iptables, Surroundings, Variant } from "iptables-wrapper";
import type { Backend } from "./backend.ts";
import type { Kernel } from "./kernel.ts";

/** Everything through which portmap touches the node. */
export interface Tools extends Host {
  readonly backend: Backend;
}

/** What every backend needs beside its own tool. */
export interface Host {
  readonly runner: Runner;
  /** Failed work is about to be taken back: the runner is given time again. */
  turnBack?(): void;
  readonly kernel: Kernel;
  /** PATH of the runner. */
  readonly path: string;
  /** Sockets by which the kernel is asked in this process; undefined where there are none, and tools are asked. */
  readonly netlink?: OpenSocket | undefined;
  /** True where a container that another backend forwards to is reached by a device; absent for one backend alone. */
  readonly isReachedElsewhere?: (device: string) => Promise<boolean>;
  /** What is put in front of the clients so that nothing is changed; absent where the work is to be done. */
  readonly dryRun?: DryRun;
}

/** Gives clients that only note what they would change. */
export interface DryRun {
  iptables(client: Iptables, of: { variant(): Promise<Variant>; surroundings: Surroundings }): Iptables;
  nftables(client: Nftables): Nftables;
}

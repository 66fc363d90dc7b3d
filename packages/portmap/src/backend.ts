import type { Attachment } from "@cni-chain/core";
import type { Family } from "iptables-wrapper";
import type { PortmapConfig } from "./config.ts";
import type { Destination } from "./destinations.ts";
import type { Forward } from "./forwards.ts";

/** What ADD and CHECK ask of a backend, for one family. `config` holds at least one mapping of the family. */
export interface Request {
  readonly attachment: Attachment;
  readonly config: PortmapConfig;
  readonly destination: Destination;
  /**
   * The device packets from 127.0.0.1 have to leave by to reach the container; undefined where nothing is
   * to be done for them. A promise, because it is looked up while the backend reads its rules.
   */
  readonly loopbackDevice: Promise<string | undefined>;
  warn(message: string): void;
}

/** Looks up the addresses of the attachment's interface; none where it cannot be seen any more. */
export type Addresses = () => Promise<readonly string[]>;

/** What a DEL may know beside names: none of it is certain, and all of it only ever makes the work less. */
export interface Hints {
  readonly addresses?: Addresses;
  /** What ADD was given, where the runtime still says so. */
  readonly config?: PortmapConfig | undefined;
}

export const noAddresses: Addresses = async () => [];

/** A way to hold the rules: iptables or nftables. */
export interface Backend {
  /** The command-line tools it needs for a family. */
  tools(family: Family): readonly string[];
  /** With snat, connections from all of the container's subnet are masqueraded, not only its own. */
  readonly masqueradesSubnet: boolean;
  /**
   * Reads what an ADD would read, as proof that the tools and the kernel work; true where an ADD has been. Throws
   * what went wrong.
   */
  probe(family: Family): Promise<boolean>;
  /** Has the tool of the next call on its way while that is being made. Absent where nothing is gained. */
  startAhead?(family: Family): Promise<void>;
  /** Makes the container's rules what the request says, in one transaction, whatever they were before. */
  add(request: Request): Promise<void>;
  /** Every difference between what `add` makes and what is there. */
  check(request: Request): Promise<string[]>;
  /**
   * Removes the container's rules, whoever made them, and gives what they forwarded. Where there are none, but
   * some of the same container on a network of another name, those that lead to the interface's `addresses`
   * are its own from before the network was renamed, and go.
   */
  remove(attachment: Attachment, family: Family, hints?: Hints): Promise<readonly Forward[]>;
  /**
   * Removes the rules of every container of a network but these, as far as their owner can be told, whoever
   * made them, and gives what they forwarded.
   */
  collect(network: string, validContainers: ReadonlySet<string>, family: Family): Promise<readonly Forward[]>;
  /** True where one of its containers is reached by a device, in IPv4. */
  reaches(device: string): Promise<boolean>;
  /** Closes to packets from 127.0.0.1, in IPv4, what it opened for containers that are gone and nobody else needs. */
  release(network: string, removed: readonly Forward[]): Promise<void>;
}

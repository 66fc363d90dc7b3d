import type { Family } from "iptables-wrapper";
import type { Request } from "./backend.ts";
import type { Forward } from "./forwards.ts";

/** Rules of one container, as they stand in a backend, whoever made them. */
export interface Standing {
  /** Names them within the backend and family. */
  readonly key: string;
  /** As far as the rules tell. */
  readonly containerId: string | undefined;
  /** True where these may be rules of that attachment. */
  isOf(attachment: { readonly network: string; readonly containerId: string }): boolean;
  readonly forwards: readonly Forward[];
}

/** How much of a container's own rules is there. */
export type Presence = "whole" | "partly" | "absent";

/** What a look at the rules of a family has found. */
export interface Look {
  /** Of each request that was given, in their order. */
  readonly presence: readonly Presence[];
  /** False where anything is missing that all containers share: chains, jumps into them, the guard. */
  readonly sharedIsWhole: boolean;
  /** Every container with rules, in the order the kernel comes to them. */
  readonly standing: readonly Standing[];
}

/** The rules of many containers of one backend at once. Requests are of one family, the newest container first. */
export interface Restorer {
  /** False where it is known, without a look that would make a table, that there is no rule of anybody. */
  mayHold(family: Family): Promise<boolean>;
  /** Reads, and changes nothing. */
  look(family: Family, requests: readonly Request[]): Promise<Look>;
  /**
   * Makes everything of these requests what ADD makes it, in the order of the requests, and takes away the rules of
   * these keys: in one transaction. What is there already stays as it is. Gives what the removed rules forwarded.
   */
  restore(
    family: Family,
    requests: readonly Request[],
    gone: ReadonlySet<string>,
  ): Promise<readonly Forward[]>;
}

/** A container's rules that are to be made, and what they forward. */
interface Wanted {
  readonly isMissing: boolean;
  readonly forwards: readonly Forward[];
}

/**
 * Which of these, the newest first, have to be written in front of all others again: those that are missing, and every
 * newer one with a port of one that is written, which would else stand behind it.
 */
export function toWrite(
  wanted: readonly Wanted[],
  overlap: (a: Forward, b: Forward) => boolean,
): readonly boolean[] {
  const written: Forward[] = [];
  const flags = wanted.toReversed().map(({ isMissing, forwards }) => {
    const isBehind = forwards.some((one) => written.some((other) => overlap(one, other)));
    if (isMissing || isBehind) written.push(...forwards);
    return isMissing || isBehind;
  });
  return flags.toReversed();
}

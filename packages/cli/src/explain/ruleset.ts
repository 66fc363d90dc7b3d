import type { Test } from "./packet.ts";

export type Hook = "prerouting" | "input" | "forward" | "output" | "postrouting";

/** What a rule does with a packet it takes. */
export type Verdict =
  | { readonly kind: "accept" | "drop" | "reject" | "return" | "masquerade" | "snat" }
  /** `goto`: its end is the end of the chain it was entered from. */
  | { readonly kind: "jump" | "goto"; readonly to: string }
  /** What is not given stays as it is. */
  | { readonly kind: "dnat"; readonly address: string | undefined; readonly port: number | undefined }
  /** Clears the bits of `mask`, then sets by exclusive or. */
  | { readonly kind: "mark"; readonly value: number; readonly mask: number }
  /** Goes on to the next rule: a counter, a log. */
  | { readonly kind: "none" }
  /** It is not known here what it does. */
  | { readonly kind: "unknown" };

export interface Rule {
  /** In the words of its tool, without the chain. */
  readonly text: string;
  readonly takes: Test;
  readonly verdict: Verdict;
  /** Who owns it, where it says so. */
  readonly comment?: string | undefined;
}

/** A table of rules: its chains by their names. */
export interface Table {
  /** `iptables nat`, `nft ip cni_hostport`. */
  readonly name: string;
  readonly chains: ReadonlyMap<string, readonly Rule[]>;
}

/** A chain that the kernel itself enters. */
export interface BaseChain {
  readonly table: Table;
  readonly chain: string;
  readonly hook: Hook;
  readonly type: "filter" | "nat";
  readonly priority: number;
  /** What becomes of a packet at its end. */
  readonly policy: "accept" | "drop";
}

/**
 * The chains of one hook in the kernel's order: by priority; of one priority, the one that was made last comes first
 * (nf_hook_entries_grow in net/netfilter/core.c).
 *
 * @param chains in the order they were made
 */
export function chainsAt(hook: Hook, chains: readonly BaseChain[]): readonly BaseChain[] {
  return chains
    .filter((chain) => chain.hook === hook)
    .toReversed()
    .sort((a, b) => a.priority - b.priority);
}

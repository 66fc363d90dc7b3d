/** The table families of one IP version each, by nft's names. */
export type Family = "ip" | "ip6";

export type Protocol = "tcp" | "udp" | "sctp";

/** A rule as we write it: all matches must hold, then the verdict applies. */
export interface Rule {
  readonly matches: readonly Match[];
  readonly verdict: Verdict;
  /** At most 128 bytes (NFTNL_UDATA_COMMENT_MAXLEN), without a double quote. */
  readonly comment?: string;
}

export type Match =
  /** `network` is an address, or an address with prefix length as `127.0.0.0/8`. */
  | { readonly kind: "address"; readonly field: "saddr" | "daddr"; readonly network: string }
  | { readonly kind: "destinationPort"; readonly protocol: Protocol; readonly port: number }
  /** The destination is an address of the node. */
  | { readonly kind: "localDestination" }
  | { readonly kind: "inInterface"; readonly name: string; readonly negated: boolean }
  /** The packet's length in bytes is another one. */
  | { readonly kind: "lengthNot"; readonly length: number }
  /** Matches in nft's own syntax, as matchTextProblem lets them through. At most one in a rule. */
  | { readonly kind: "text"; readonly text: string };

export type Verdict =
  | { readonly kind: "jump"; readonly to: string }
  | { readonly kind: "dnat"; readonly address: string; readonly port: number }
  | { readonly kind: "masquerade" }
  | { readonly kind: "drop" };

/** Where a base chain hangs in the kernel; see nft(8), "Chains". */
export interface Hook {
  readonly type: "nat" | "filter";
  readonly hook: "prerouting" | "output" | "postrouting";
  readonly priority: number;
}

/** A rule as nft lists it. */
export interface ListedRule {
  /** What `delete rule` names it by. Never used twice in a table. */
  readonly handle: number;
  readonly comment: string | undefined;
  /** `expr` of libnftables-json(5). */
  readonly expressions: readonly unknown[];
}

export interface ListedChain {
  /** Undefined for a chain that is only jumped to. Type and hook may be ones this package does not write. */
  readonly hook: { readonly type: string; readonly hook: string; readonly priority: number } | undefined;
  readonly rules: readonly ListedRule[];
}

/** The chains of a table by their names, rules in their order. */
export type ListedTable = ReadonlyMap<string, ListedChain>;

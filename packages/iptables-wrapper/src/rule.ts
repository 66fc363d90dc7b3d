/** IPv4 rules live in iptables, IPv6 rules in ip6tables. */
export type Family = "v4" | "v6";

/** The transport protocols that have ports; iptables(8) spells them so. */
export type Protocol = "tcp" | "udp" | "sctp";

/** 32-bit packet mark and the bits of it that count, as in `--mark value/mask`. */
export interface Mark {
  readonly value: number;
  readonly mask: number;
}

/** What happens to a packet that matches; iptables-extensions(8). */
export type Target =
  /** A user-defined chain or a built-in verdict such as RETURN. */
  | { readonly kind: "jump"; readonly to: string }
  | { readonly kind: "dnat"; readonly address: string; readonly port: number }
  | { readonly kind: "masquerade" }
  /** MARK --set-xmark: clears the bits of `mask`, then XORs `value` in. */
  | ({ readonly kind: "mark" } & Mark);

/** A rule to be written. It says nothing of the chain it stands in. */
export interface Rule {
  readonly protocol?: Protocol;
  /** Address or CIDR. A host part is allowed; the kernel masks it off. */
  readonly source?: string;
  readonly destination?: string;
  /** One port, by the protocol's own match. */
  readonly destinationPort?: number;
  /** One to fifteen ports, by the multiport match. */
  readonly destinationPorts?: readonly number[];
  /** addrtype match: LOCAL is every address of the node. */
  readonly destinationType?: "LOCAL";
  readonly mark?: Mark;
  readonly inInterface?: { readonly name: string; readonly negated?: boolean };
  /** At most 255 bytes; xt_comment.h. */
  readonly comment?: string;
  /** Further matches as iptables arguments, one token each, written by whoever runs the node. */
  readonly conditions?: readonly string[];
  readonly target: Target;
}

/** A rule as the tool lists it: the tokens behind `-A CHAIN`. */
export interface ListedRule {
  readonly tokens: readonly string[];
}

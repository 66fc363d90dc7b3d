/** What becomes of an object: `move` is for a rule that keeps its words and changes its place. */
export type Action = "add" | "remove" | "change" | "move";

type Kind = "table" | "chain" | "rule" | "link" | "qdisc" | "filter" | "sysctl" | "flow";

/** One difference between the node as it is and as it would be. */
export interface PlannedChange {
  readonly action: Action;
  readonly kind: Kind;
  /** Where it stands: `iptables nat`, `nft ip cni_hostport`, `links`, `links in /run/netns/x`, `tc`, `sysctl`, `conntrack`. */
  readonly where: string;
  /** Chain of a rule, device of a qdisc or filter. */
  readonly within?: string;
  /** The object in the words of its tool. */
  readonly what: string;
  /** Place of a rule in its chain afterwards, from 1 on; only where other rules stand behind it. */
  readonly position?: number;
  /** Of a change: what was there. */
  readonly before?: string;
}

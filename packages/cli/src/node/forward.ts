/** Where a forwarded port's rule stands. `iptables`: a variant that could not be told, as behind a wrapper script. */
export type RuleBackend = "nftables" | "iptables" | "iptables-nft" | "iptables-legacy";

/** One host port that a rule of portmap leads to a pod, ours or the reference plugin's, as it stands in the kernel. */
export interface Forward {
  readonly backend: RuleBackend;
  readonly family: "v4" | "v6";
  readonly protocol: "tcp" | "udp" | "sctp";
  /** The one address of the node it is for; undefined: every address of the family. */
  readonly hostAddress: string | undefined;
  readonly hostPort: number;
  readonly podAddress: string;
  readonly podPort: number;
  /** As far as the rules tell by themselves: nftables' rules know the container, but of the network only its tag. */
  readonly network: string | undefined;
  readonly containerId: string | undefined;
  /** nftables: the number by which our rules stand for their network's name (`tagOf`); none in the reference's. */
  readonly networkTag: number | undefined;
  /** The chain that holds the rule: CNI-DN-… with iptables, `hostports` or `hostip_hostports` with nftables. */
  readonly chain: string;
  /** Its place among all forwards of this backend and family, in the order in which the kernel tries them. */
  readonly place: number;
  /** True where the rule also has conditions (conditionsV4, conditionsV6), so that it may not be for every packet. */
  readonly conditional: boolean;
  /**
   * What the rule has translated: of each connection its first packet alone, as table nat sees no more. Undefined with
   * nftables, where rules of portmap do not count.
   */
  readonly packets: number | undefined;
  readonly bytes: number | undefined;
}

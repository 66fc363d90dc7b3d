/** A network link, as `ip -j -d link show` describes it. */
export interface Link {
  readonly name: string;
  readonly ifindex: number;
  /** `veth`, `bridge`, `ifb`, …; undefined for a physical device and for `lo`. */
  readonly kind: string | undefined;
  readonly flags: readonly string[];
  /** The flag UP: set by an administrator, whatever the carrier. */
  readonly up: boolean;
  /** Bytes. */
  readonly mtu: number;
  /** Packets; 0 when there is no queue (`ip` leaves it out then). */
  readonly txqlen: number;
  readonly mac: string | undefined;
  /** Name of the bridge or bond this link belongs to. */
  readonly master: string | undefined;
  readonly alias: string | undefined;
  /** The link behind this one: a veth's other end, a VLAN's parent. */
  readonly peer: Peer | undefined;
}

/** In the same network namespace `ip` knows the peer's name; in another one only its ifindex there. */
export type Peer =
  | { readonly where: "here"; readonly name: string }
  | { readonly where: "elsewhere"; readonly ifindex: number; readonly netnsid: number | undefined };

/** An address of a link, as `ip -j addr show` describes it. */
export interface Address {
  readonly family: "inet" | "inet6";
  /** Without prefix length. */
  readonly address: string;
  readonly prefixLength: number;
  readonly scope: string;
}

export interface LinkWithAddresses extends Link {
  readonly addresses: readonly Address[];
}

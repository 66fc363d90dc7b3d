import { hashName } from "@cni-chain/core";
import type { Hook } from "@cni-chain/nft-ts";
import type { Family } from "iptables-wrapper";

/** The table of both families, and its chains, by the names the reference plugin gives them. */
export const table = "cni_hostport";
export const tableComment = "CNI portmap plugin";

export const chains = {
  /** A rule for each mapping. */
  mappings: "hostports",
  /** Where older releases of the reference put mappings with a hostIP; empty, for theirs. */
  legacyMappings: "hostip_hostports",
  /** Jumps to both. */
  allMappings: "hostports_all",
  prerouting: "prerouting",
  output: "output",
  masquerade: "masquerading",
  /** Keeps what comes by a wire away from 127.0.0.0/8. Ours alone. */
  guard: "loopback_guard",
} as const;

/** Priorities are those nft calls dstnat, srcnat and raw. */
export const hooks: Readonly<Record<string, Hook>> = {
  [chains.prerouting]: { type: "nat", hook: "prerouting", priority: -100 },
  [chains.output]: { type: "nat", hook: "output", priority: -100 },
  [chains.masquerade]: { type: "nat", hook: "postrouting", priority: 100 },
  [chains.guard]: { type: "filter", hook: "prerouting", priority: -300 },
};

export function nftFamily(family: Family): "ip" | "ip6" {
  return family === "v4" ? "ip" : "ip6";
}

/**
 * A number that stands for a text in a rule that has no room for it: `meta length != TAG` is true of every
 * packet, since with its highest bit set the tag is a length of 2 GiB and more. A comment would be the place,
 * but the reference finds its rules by a comment that is the container ID and nothing else.
 */
export function tagOf(text: string): number {
  return (Number.parseInt(hashName(8, "", text), 16) | 0x8000_0000) >>> 0;
}

export function isTag(value: unknown): value is number {
  return typeof value === "number" && value >= 0x8000_0000;
}

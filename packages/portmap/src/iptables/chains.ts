import { type Attachment, hashName } from "@cni-chain/core";

/**
 * The chains, in table nat by the names the reference plugin gives them, so that either finds what the
 * other made.
 */
export const chains = {
  /** Entered from the end of PREROUTING and OUTPUT by packets for an address of the node. */
  dnat: "CNI-HOSTPORT-DNAT",
  /** Marks a packet for masquerading. */
  setMark: "CNI-HOSTPORT-SETMARK",
  /** Entered from the top of POSTROUTING; masquerades what is marked. */
  masquerade: "CNI-HOSTPORT-MASQ",
  /** In table raw: keeps what comes by a wire away from 127.0.0.0/8. Ours alone. */
  guard: "CNI-HOSTPORT-LOCAL",
  /** Left by plugins of 2017, entered from POSTROUTING; only ever removed from. */
  legacySnat: "CNI-HOSTPORT-SNAT",
} as const;

/** Longest chain name the kernel takes (XT_EXTENSION_MAXNAMELEN - 1). */
const nameLength = 28;

/** The chain of one container on one network. */
export function containerChain({ network, containerId }: Attachment): string {
  return hashName(nameLength, "CNI-DN-", network + containerId);
}

export function legacyContainerChain({ network, containerId }: Attachment): string {
  return hashName(nameLength, "CNI-SN-", network + containerId);
}

/** The comment that says whose an entry is. The kernel keeps 255 characters. */
export function ownerComment({ network, containerId }: Attachment): string {
  const comment = `dnat name: "${network}" id: "${containerId}"`;
  return comment.length > 255 ? `${comment.slice(0, 253)}..` : comment;
}

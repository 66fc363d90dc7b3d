import type { Attachment } from "@cni-chain/core";
import { chains, containerChain } from "./chains.ts";
import type { PortmapConfig } from "./config.ts";

/**
 * The chains an ADD or CHECK looks at. The listing stops at the first chain that is not there, so those
 * that always are come first, and the container's own, which an ADD rarely finds, comes last.
 */
export function chainsForAdd(attachment: Attachment, { snat, marking }: PortmapConfig): string[] {
  const own = containerChain(attachment);
  if (!snat) return ["PREROUTING", "OUTPUT", chains.dnat, own];
  if (marking.kind === "chain") return ["PREROUTING", "OUTPUT", marking.chain, chains.dnat, own];
  return ["PREROUTING", "OUTPUT", "POSTROUTING", chains.dnat, chains.setMark, chains.masquerade, own];
}

/** The chains a DEL looks at. */
export function chainsForDel(attachment: Attachment): string[] {
  return [chains.dnat, containerChain(attachment), chains.legacySnat];
}

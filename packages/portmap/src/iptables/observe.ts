import type { Attachment } from "@cni-chain/core";
import type { ByTable } from "iptables-wrapper";
import type { PortmapConfig } from "../config.ts";
import { chains, containerChain } from "./chains.ts";

/**
 * The chains an ADD looks at; all of them stand on a node in use, so that they cost one process. The
 * container's own is not among them: an entry in the shared chain tells of it.
 */
export function chainsForAdd({ snat, marking }: PortmapConfig, guarded: boolean): ByTable<string[]> {
  return {
    ...(guarded ? { raw: ["PREROUTING", chains.guard] } : {}),
    nat: ["PREROUTING", "OUTPUT", ...(snat ? markChains(marking) : []), chains.dnat],
  };
}

function markChains(marking: PortmapConfig["marking"]): string[] {
  return marking.kind === "chain" ? [marking.chain] : ["POSTROUTING", chains.setMark, chains.masquerade];
}

/** The chains a DEL looks at. */
export function chainsForDel(attachment: Attachment): ByTable<string[]> {
  return { nat: [chains.dnat, containerChain(attachment), chains.legacySnat] };
}

import type { Attachment } from "@cni-chain/core";
import type { ByTable } from "iptables-wrapper";
import type { PortmapConfig } from "../config.ts";
import { chains, containerChain } from "./chains.ts";

/**
 * The chains an ADD looks at; all of them stand on a node in use, so that they cost one process. A chain that
 * is missing says by itself that nothing jumps to it, so ours come first. The container's own is not among
 * them: an entry in the shared chain tells of it.
 */
export function chainsForAdd({ snat, marking }: PortmapConfig, guarded: boolean): ByTable<string[]> {
  const external = marking.kind === "chain" ? [marking.chain] : [];
  const marks = snat && marking.kind === "bit" ? [chains.setMark, chains.masquerade, "POSTROUTING"] : [];
  return {
    ...(guarded ? { raw: [chains.guard, "PREROUTING"] } : {}),
    nat: [chains.dnat, ...(snat ? external : []), ...marks, "PREROUTING", "OUTPUT"],
  };
}

/** The chains a DEL looks at. */
export function chainsForDel(attachment: Attachment): ByTable<string[]> {
  return { nat: [chains.dnat, containerChain(attachment), chains.legacySnat] };
}

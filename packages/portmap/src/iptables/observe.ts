import type { Attachment } from "@cni-chain/core";
import { type ByTable, type Family, type Iptables, type Observed, rulesOf } from "iptables-wrapper";
import type { PortmapConfig } from "../config.ts";
import { chains, containerChain } from "./chains.ts";
import { listedEntries } from "./listed-forwards.ts";

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

/**
 * The chains a DEL looks at; in IPv4 also what tells of devices that a DEL before it could not close any more. A listing
 * ends at a chain that is missing, as that of 2017 nearly always is: unless that is told in another way, it is looked for
 * by what enters it.
 */
export function chainsForDel(
  attachment: Attachment,
  family: Family,
  tellsMissing: boolean,
): ByTable<string[]> {
  const own = containerChain(attachment);
  return {
    ...(family === "v4" ? { raw: [chains.guard] } : {}),
    nat: tellsMissing ? [chains.dnat, own, chains.legacySnat] : [chains.dnat, "POSTROUTING", own],
  };
}

/**
 * True where neither chain that all containers share is there: without the one nothing leads to a container's, without
 * the other no device was opened.
 */
export async function isBare(iptables: Iptables, family: Family): Promise<boolean> {
  const asked = [{ nat: [chains.dnat] }, ...(family === "v4" ? [{ raw: [chains.guard] }] : [])];
  const seen = await Promise.all(asked.map((one) => iptables.observe(family, one, "exact")));
  const states = seen.flatMap(({ nat, raw }) => [...(nat ?? raw ?? new Map()).values()]);
  return states.every(({ kind }) => kind === "absent");
}

/**
 * The container's own chain, where nobody has seen it but an entry says that it exists: it was not looked at, or an ADD has
 * made both since.
 */
export async function enteredChain(
  iptables: Iptables,
  family: Family,
  nat: Observed,
  own: string,
): Promise<Observed> {
  if (rulesOf(nat, own) !== undefined) return new Map();
  const entered = listedEntries(rulesOf(nat, chains.dnat) ?? []).some(({ chain }) => chain === own);
  if (!entered) return new Map();
  const { nat: found = new Map() } = await iptables.observe(family, { nat: [own] }, "exact");
  return found;
}

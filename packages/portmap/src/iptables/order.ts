import { clausesOf, type Observed, rulesOf } from "iptables-wrapper";
import type { PortmapConfig } from "../config.ts";
import { chains } from "./chains.ts";
import { type Conflict, conflictText } from "./conflicts.ts";
import { listedEntries } from "./listed-forwards.ts";

/** Verdicts that end a packet's way through a chain. */
const final = new Set(["ACCEPT", "DROP", "RETURN", "MASQUERADE", "SNAT", "DNAT", "REDIRECT"]);

/** What stands in front of our rules and keeps packets from them. */
export function orderDifferences(
  nat: Observed,
  own: string,
  conflicts: readonly Conflict[],
  { snat, marking }: PortmapConfig,
): string[] {
  const entered: (readonly [string, string])[] = [
    ["PREROUTING", chains.dnat],
    ["OUTPUT", chains.dnat],
    ...(snat && marking.kind === "bit" ? ([["POSTROUTING", chains.masquerade]] as const) : []),
  ];
  return [
    ...entered.flatMap(([chain, jump]) => cutOff(nat, chain, jump)),
    ...takenBefore(nat, own, conflicts),
  ];
}

/** A rule for every packet with a final verdict, in front of the jump. */
function cutOff(nat: Observed, chain: string, jump: string): string[] {
  const rules = rulesOf(nat, chain) ?? [];
  const targets = rules.map((rule) => clausesOf(rule));
  const jumpAt = targets.findIndex((clauses) =>
    clauses.some(({ option, values }) => option === "-j" && values[0] === jump),
  );
  const before = targets.slice(0, Math.max(0, jumpAt));
  const cut = before.findIndex(
    (clauses) => clauses.length === 1 && clauses[0]?.option === "-j" && final.has(clauses[0].values[0] ?? ""),
  );
  if (cut < 0) return [];
  return [
    `chain ${chain}: the jump to ${jump} is not reached, rule ${cut + 1} ends every packet's way: -j ${targets[cut]?.[0]?.values[0]}`,
  ];
}

/** Entries of other containers for our ports, in front of ours. */
function takenBefore(nat: Observed, own: string, conflicts: readonly Conflict[]): string[] {
  const order = listedEntries(rulesOf(nat, chains.dnat) ?? []).map(({ chain }) => chain);
  const ownAt = order.indexOf(own);
  const before = conflicts.filter(({ entry }) => ownAt >= 0 && order.indexOf(entry.chain) < ownAt);
  return [...new Set(before.map((conflict) => `${conflictText(conflict)}, whose entry stands first`))];
}

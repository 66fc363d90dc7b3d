import { type Family, type Iptables, type Observed, rulesOf } from "iptables-wrapper";
import { heldBy, refuseHeld } from "../conflict.ts";
import { type Forward, overlap } from "../forwards.ts";
import { chains } from "./chains.ts";
import { type Entry, listedEntries, listedForwards, ownerOf } from "./listed-forwards.ts";

/** A host port that another container's rules forward already. */
export interface Conflict {
  readonly wanted: Forward;
  readonly entry: Entry;
}

/**
 * The forwards of others that overlap with the wanted ones. Their chains are read only where an entry has
 * the same protocol and port, since the entry does not say for which address.
 */
export async function findConflicts(
  iptables: Iptables,
  family: Family,
  nat: Observed,
  own: string,
  wanted: readonly Forward[],
): Promise<Conflict[]> {
  const rivals = entriesFor(wanted, listedEntries(rulesOf(nat, chains.dnat) ?? [])).filter(
    ({ chain }) => chain !== own,
  );
  if (rivals.length === 0) return [];
  const names = [...new Set(rivals.map(({ chain }) => chain))];
  const { nat: theirs = new Map() } = await iptables.observe(family, { nat: names }, "exact");
  return rivals.flatMap((entry) => {
    const forwards = listedForwards(rulesOf(theirs, entry.chain) ?? []).filter(
      ({ protocol }) => protocol === entry.protocol,
    );
    return wanted
      .filter((forward) => forwards.some((other) => overlap(forward, other)))
      .map((forward) => ({ wanted: forward, entry }));
  });
}

/** By the entries: whoever looks at many containers asks for the ports of each of them. */
const byPort = new WeakMap<readonly Entry[], ReadonlyMap<string, readonly Entry[]>>();

/** The entries for any of these ports, in their order. */
function entriesFor(wanted: readonly Forward[], entries: readonly Entry[]): Entry[] {
  const known = byPort.get(entries) ?? groupedByPort(entries);
  byPort.set(entries, known);
  const found = new Set(
    wanted.flatMap(({ protocol, hostPort }) => known.get(`${protocol} ${hostPort}`) ?? []),
  );
  return found.size < 2 ? [...found] : entries.filter((entry) => found.has(entry));
}

function groupedByPort(entries: readonly Entry[]): ReadonlyMap<string, readonly Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    for (const port of entry.ports) {
      const key = `${entry.protocol} ${port}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [entry]);
      else group.push(entry);
    }
  }
  return groups;
}

/** The sentence that names who has the port. */
export function conflictText({ wanted, entry }: Conflict): string {
  const owner = ownerOf(entry);
  const holder =
    owner === undefined
      ? `the owner of chain ${entry.chain}`
      : `container ${owner.containerId} on network ${owner.network}`;
  return heldBy(wanted, holder);
}

/** Throws CniError 102 that names every holder. */
export function refuse(conflicts: readonly Conflict[]): never {
  refuseHeld([...new Set(conflicts.map(conflictText))]);
}

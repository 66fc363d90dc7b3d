/** Tables of iptables(8) that this wrapper reads and writes. */
export type Table = "raw" | "mangle" | "nat";

/** Something for each of some tables; they are worked off in the order they are written. */
export type ByTable<T> = Readonly<Partial<Record<Table, T>>>;

/** The tables that hold anything, with what they hold. */
export function inTables<T>(tables: ByTable<readonly T[]>): [Table, readonly T[]][] {
  return (Object.entries(tables) as [Table, readonly T[]][]).filter(([, items]) => items.length > 0);
}

/** Sorts items into their tables, keeping the order of both. */
export function byTable<T extends { readonly table: Table }, R>(
  items: readonly T[],
  gather: (group: readonly T[]) => R,
): ByTable<R> {
  const groups = new Map<Table, T[]>();
  for (const item of items) groups.set(item.table, [...(groups.get(item.table) ?? []), item]);
  return Object.fromEntries([...groups].map(([table, group]) => [table, gather(group)]));
}

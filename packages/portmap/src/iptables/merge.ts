import type { Desired } from "iptables-wrapper";

/**
 * Many desired states as one: what several of them want, as the chains and jumps that all containers share, is wanted
 * once. Of a chain that two want to hold different rules the last one has its way.
 */
export function together(all: readonly Desired[]): Desired {
  const owned = new Map(all.flatMap((one) => one.owned ?? []).map((one) => [one.chain, one]));
  const entries = new Map(
    all
      .flatMap((one) => one.entries ?? [])
      // Rules of a container alone have a way to be told from others; those that all share are equal in every part.
      .map((one) => [JSON.stringify([one.chain, one.position, one.rules]), one]),
  );
  return {
    shared: [...new Set(all.flatMap((one) => one.shared ?? []))],
    owned: [...owned.values()],
    entries: [...entries.values()],
    absent: [...new Set(all.flatMap((one) => one.absent ?? []))],
  };
}

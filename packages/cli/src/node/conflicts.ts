import type { Forward } from "./forward.ts";

/**
 * What becomes of a packet that two forwards are meant for:
 *
 * - `wins`, `loses`: the kernel tries one of them first, and the other never gets any
 * - `losesPartly`: it never gets those for the other's host address
 * - `mayLose`: the other is tried first, but has conditions of its own
 * - `untold`: the two stand in different backends, which the kernel asks in the order they were made in
 */
type Outcome = "wins" | "loses" | "losesPartly" | "mayLose" | "untold";

export interface Conflict {
  readonly outcome: Outcome;
  readonly other: Forward;
}

/** For each forward, the others that want the same packets and lead elsewhere. */
export function conflictsOf(forwards: readonly Forward[]): ReadonlyMap<Forward, readonly Conflict[]> {
  const byPort = Map.groupBy(
    forwards,
    ({ family, protocol, hostPort }) => `${family} ${protocol} ${hostPort}`,
  );
  const found = new Map<Forward, readonly Conflict[]>();
  for (const rivals of byPort.values()) {
    if (rivals.length < 2) continue;
    for (const forward of rivals) {
      const conflicts = rivals
        .filter((other) => other !== forward && overlaps(forward, other) && !leadsSame(forward, other))
        .map((other): Conflict => ({ outcome: outcome(forward, other), other }));
      if (conflicts.length > 0) found.set(forward, conflicts);
    }
  }
  return found;
}

function overlaps(a: Forward, b: Forward): boolean {
  return a.hostAddress === undefined || b.hostAddress === undefined || a.hostAddress === b.hostAddress;
}

function leadsSame(a: Forward, b: Forward): boolean {
  return a.podAddress === b.podAddress && a.podPort === b.podPort;
}

function outcome(forward: Forward, other: Forward): Outcome {
  if (forward.backend !== other.backend) return "untold";
  if (forward.place < other.place) return "wins";
  if (other.conditional) return "mayLose";
  return other.hostAddress !== undefined && forward.hostAddress === undefined ? "losesPartly" : "loses";
}

import type { Installation } from "../lib/reference.ts";

/** A fault of the reference plugins, and the experiment that shows on which side of it a directory of plugins is. */
export interface Fault {
  readonly plugin: "all" | "portmap" | "bandwidth" | "loopback";
  /** A name of its own, and the number it was reported under (P: containernetworking/plugins, k8s: Kubernetes). */
  readonly id: string;
  readonly reported?: string;
  readonly title: string;
  /** What the reference does. */
  readonly reference: string;
  /** What ours does. */
  readonly ours: string;
  /** Why Debian's 1.1.1 cannot show it; absent where it does. */
  readonly notIn111?: string;
  /** Where it shows, if that depends on the machine's own tools: then nothing is asserted of the reference. */
  readonly onSomeMachines?: string;
  /** Tries it on a node of its own. Throws where neither behaviour is seen. */
  see(installation: Installation): Promise<Sighting>;
}

/** Which behaviour was seen, and what it was seen by. */
export interface Sighting {
  readonly behaviour: "wrong" | "right";
  readonly evidence: string;
}

/** Wrong if this is so, and right if not. */
export function wrongIf(wrong: boolean, evidence: unknown): Sighting {
  const text = typeof evidence === "string" ? evidence : JSON.stringify(evidence);
  return { behaviour: wrong ? "wrong" : "right", evidence: text };
}

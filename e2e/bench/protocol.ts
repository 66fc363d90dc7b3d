import type { ResultDocument } from "../lib/cni.ts";

/** One call of one plugin. */
export interface Call {
  readonly binary: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: Readonly<Record<string, unknown>>;
  /** Take what the call before printed as prevResult, as a runtime does at ADD. */
  readonly takesResult?: boolean;
}

/** What calls cost that ran one after the other. */
export interface Cost {
  /** From before the first process starts until after it has ended, summed over the calls: milliseconds. */
  readonly wallMs: number;
  /** User and system time of the plugins and all they waited for: milliseconds. */
  readonly cpuMs: number;
}

/** How calls that ran one after the other ended; those after a failed one are not made. */
export interface Outcome {
  /** What was wrong; undefined if every call succeeded. */
  readonly error?: string;
  /** What the last call printed. */
  readonly result?: ResultDocument;
}

/** What a driver, running inside a node, can be asked to do. */
export type Request =
  /** Calls, one after the other, timed. */
  | { readonly kind: "measure"; readonly calls: readonly Call[] }
  /** The same with the processes' peak memory, which takes a detour that would spoil the times. */
  | { readonly kind: "weigh"; readonly calls: readonly Call[] }
  /** The same under strace, to count what they do. */
  | { readonly kind: "trace"; readonly calls: readonly Call[] }
  /** Many such lists by a number of workers, timed as a whole. */
  | { readonly kind: "storm"; readonly lists: readonly (readonly Call[])[]; readonly workers: number }
  /** Any command, for preparing and looking. */
  | { readonly kind: "run"; readonly argv: readonly string[]; readonly stdin: string };

export interface Measured extends Cost, Outcome {}

export interface Weighed extends Outcome {
  /** Largest resident set of any process of the calls: bytes. */
  readonly peakBytes: number;
}

/** What a plugin does, of which time is made. */
export interface Counts {
  /** Processes, the plugin among them. */
  readonly processes: number;
  /** Messages sent on netlink sockets, get- and setsockopts of the kernel's iptables, ioctls on links. */
  readonly transactions: number;
}

export interface Traced extends Counts, Outcome {}

export interface Stormed extends Cost {
  readonly outcomes: readonly Outcome[];
}

/**
 * - `ok`: looked at, and well.
 * - `unknown`: could not be looked at, which is never taken for well.
 * - `warning`: works, but hardly as meant, or not everything of it.
 * - `broken`: some host port or limit does not work, or the next pod will fail.
 */
export type Severity = "ok" | "unknown" | "warning" | "broken";

export interface Finding {
  readonly severity: Severity;
  /** What is the matter, a sentence. */
  readonly what: string;
  /** The thing it is about: a tool, file, sysctl, chain, attachment. */
  readonly where?: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** A finding, and the check that made it. */
export interface Diagnosis extends Finding {
  readonly check: string;
}

/** 0: all well. 1: warnings, or something could not be looked at. 2: something is broken. */
export function exitCodeFor(findings: readonly Finding[]): number {
  const has = (severity: Severity) => findings.some((one) => one.severity === severity);
  if (has("broken")) return 2;
  return has("warning") || has("unknown") ? 1 : 0;
}

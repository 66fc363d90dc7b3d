import type { Facts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import type { Known } from "./known.ts";

/** A question about the node: its findings are read off the facts alone. None means that all is well. */
export interface Check {
  readonly name: string;
  /** What is well where there is no finding. */
  readonly well: string;
  findings(facts: Facts): readonly Finding[];
}

/** The findings about something that was read, or the one that it could not be. */
export function about<T>(
  what: string,
  known: Known<T>,
  findings: (value: T) => readonly Finding[],
): readonly Finding[] {
  if (known.known) return findings(known.value);
  return [{ severity: "unknown", what: `${what} could not be looked at: ${known.why}` }];
}

/** A sentence of a plugin that ends in what to do about it, behind a semicolon. */
export function parted(severity: Finding["severity"], text: string): Finding {
  const at = text.indexOf("; ");
  return at < 0
    ? { severity, what: text }
    : { severity, what: text.slice(0, at), remedy: text.slice(at + 2) };
}

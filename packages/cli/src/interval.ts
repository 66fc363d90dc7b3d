import { UsageError } from "./failure.ts";
import { optionValue } from "./option-value.ts";

/** Seconds between two looks, as milliseconds. Throws UsageError. */
export function intervalMs(seconds: number): number {
  if (seconds >= 0.1 && seconds <= 3600) return seconds * 1000;
  throw new UsageError(`${optionValue("--interval", seconds)}: expected seconds, 0.1 to 3600`);
}

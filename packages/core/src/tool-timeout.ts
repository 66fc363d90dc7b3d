/** Seconds for all tools of one call, where nobody says; a runtime gives up on a plugin later than that. */
const defaultSeconds = 30;
const mostSeconds = 600;

/**
 * `timeoutSeconds` of a configuration in milliseconds. Of any shape, as DEL takes it: the default for what the schema
 * would not let through.
 */
export function toolTimeoutMs(written: unknown): number {
  const isAllowed =
    typeof written === "number" && Number.isInteger(written) && written >= 1 && written <= mostSeconds;
  return (isAllowed ? written : defaultSeconds) * 1000;
}

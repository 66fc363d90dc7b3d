/** Error codes of the CNI specification, section "Error"; 100 and above are a plugin's own. */
export const ErrorCode = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  invalidEnvironment: 4,
  ioFailure: 5,
  decodingFailure: 6,
  invalidConfig: 7,
  sameNetns: 8,
  tryAgainLater: 11,
  pluginNotAvailable: 50,
  limitedConnectivity: 51,
  /** 100: a tool or the kernel refused what was asked. */
  operationFailed: 100,
  /** 101: CHECK found the attachment other than it should be. */
  checkFailed: 101,
  /** 102: portmap with onConflict "refuse": another container has the host port. */
  hostPortTaken: 102,
  /** 999: a fault of the plugin itself. */
  internal: 999,
} as const;

/**
 * Throws what has piled up while work went on past failures: nothing for none, the one, or an AggregateError of all,
 * which becomes one error document.
 */
export function throwAll(errors: readonly unknown[]): void {
  const all = () =>
    errors.map((error) => (error instanceof Error ? error.message : String(error))).join("; ");
  if (errors.length > 1) throw new AggregateError(errors, all());
  if (errors.length === 1) throw errors[0];
}

/**
 * Throws CniError 50, "plugin not available", when anything is missing that ADD needs; each a sentence. Containers
 * that are attached already keep their network, so it is never 51.
 */
export function refuseUnready(missing: readonly string[]): void {
  if (missing.length > 0) {
    throw new CniError(ErrorCode.pluginNotAvailable, missing.join("; "), missing.join("\n"));
  }
}

/** The one way out for everything that goes wrong: becomes the error document on stdout, exit code 1. */
export class CniError extends Error {
  override readonly name = "CniError";
  readonly code: number;
  /** What a person needs beyond the one-line message; may have several lines. */
  readonly details: string;

  constructor(code: number, message: string, details = "", options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

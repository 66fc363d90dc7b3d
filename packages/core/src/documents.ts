import { CniError, ErrorCode } from "./cni-error.ts";
import type { CniVersion } from "./versions.ts";

/** What the specification wants on stdout for an error; here all four fields, always. */
export interface ErrorDocument {
  readonly cniVersion: CniVersion;
  readonly code: number;
  readonly msg: string;
  readonly details: string;
}

/** How an error says that it is a tool's: the shape of CommandError, which this package does not know. */
export interface ToolFailure {
  readonly failure: keyof typeof toolFailureCodes;
  readonly message: string;
  readonly details: string;
}

const toolFailureCodes = {
  toolMissing: ErrorCode.pluginNotAvailable,
  timedOut: ErrorCode.tryAgainLater,
  tryAgain: ErrorCode.tryAgainLater,
  noContainer: ErrorCode.unknownContainer,
  failed: ErrorCode.operationFailed,
} as const;

/** The document of whatever was thrown: 999 for what is neither a CniError, a ToolFailure nor a refusal of the system's. */
export function errorDocument(error: unknown, cniVersion: CniVersion): ErrorDocument {
  const { code, message, details } = toCniError(error);
  // Names and paths that a runtime made up stand in messages as they are.
  return { cniVersion, code, msg: oneLine(message), details };
}

function toCniError(error: unknown): CniError {
  if (error instanceof CniError) return error;
  if (error instanceof AggregateError && error.errors.length > 0) return together(error.errors);
  if (isToolFailure(error))
    return new CniError(toolFailureCodes[error.failure], error.message, error.details);
  const message = error instanceof Error ? error.message : String(error);
  return new CniError(isSystemError(error) ? ErrorCode.ioFailure : ErrorCode.internal, message);
}

/** The text without line ends and what else steers a terminal, turns a line round or cannot be seen. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

/** A call that the kernel refused, as files and sockets throw it. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "errno" in error && "code" in error;
}

/** Several failures as one: the first's code and message, and all of them in the details. */
function together(errors: readonly unknown[]): CniError {
  const all = errors.map(toCniError);
  const { code, message } = all[0] ?? new CniError(ErrorCode.internal, "");
  const details = all.map((one) => (one.details === "" ? one.message : `${one.message}\n${one.details}`));
  return new CniError(code, `${all.length} failures, the first: ${message}`, details.join("\n"));
}

function isToolFailure(error: unknown): error is ToolFailure {
  return (
    error instanceof Error &&
    "failure" in error &&
    Object.hasOwn(toolFailureCodes, String(error.failure)) &&
    "details" in error &&
    typeof error.details === "string"
  );
}

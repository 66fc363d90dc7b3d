import { CniError, ErrorCode } from "./cni-error.ts";
import { jsonDepth } from "./json-depth.ts";
import { jsonErrorOffset } from "./json-error-offset.ts";

/** A JSON value as this project reads it: integers beyond 2^53 arrive as bigint, so that nothing is rounded. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

/** The parts of JSON (ECMAScript 2026, "JSON.parse source text access") the type library does not know yet. */
interface SourceTextJson {
  parse(text: string, reviver: (key: string, value: Json, context: { source?: string }) => Json): Json;
  rawJSON(text: string): unknown;
}
const sourceText = JSON as unknown as SourceTextJson;

/** As deep as Go's decoder goes. What is deeper has no use here, and the engine's stack an end. */
const deepest = 10_000;

/** Only such text can hold a number that a double does not: many digits, or an exponent of three. */
const mayNotFitDouble = /\d{16}|\de\+?\d{3}/i;

/**
 * Reads JSON text without rounding an integer. Throws CniError 6 that says where the text goes wrong;
 * `what` names the text in it.
 */
export function parseJson(text: string, what = "standard input"): Json {
  if (text.trim() === "") throw new CniError(ErrorCode.decodingFailure, `${what} is empty: expected JSON`);
  // A level takes two characters: nearly all text is too short to be looked through.
  if (text.length > 2 * deepest && jsonDepth(text) > deepest) {
    throw new CniError(ErrorCode.decodingFailure, `${what} is nested more than ${deepest} levels deep`);
  }
  try {
    return mayNotFitDouble.test(text) ? sourceText.parse(text, exactNumber) : JSON.parse(text);
  } catch (error) {
    if (error instanceof CniError) throw error;
    throw new CniError(ErrorCode.decodingFailure, `${what} is not JSON: ${whereItBreaks(text)}`);
  }
}

/** Prints a value that parseJson gave, or one made of such values, on one line. */
export function printJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // A bigint, which is rare: asking about every value takes longer.
    return JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === "bigint" ? sourceText.rawJSON(String(inner)) : inner,
    );
  }
}

/** True for `{}`, false for arrays and null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value for a message: its JSON, cut short. */
export function shown(value: unknown): string {
  return cut(value === undefined ? "nothing" : printJson(value));
}

function cut(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

function exactNumber(_key: string, value: Json, { source }: { source?: string }): Json {
  if (typeof value !== "number" || source === undefined || Number.isSafeInteger(value)) return value;
  if (!Number.isFinite(value)) {
    throw new CniError(ErrorCode.decodingFailure, `the number ${cut(source)} is out of range`);
  }
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function whereItBreaks(text: string): string {
  const offset = jsonErrorOffset(text);
  if (offset === text.length) return "it ends too early";
  const before = text.slice(0, offset).split("\n");
  const column = (before.at(-1) ?? "").length + 1;
  return `unexpected ${JSON.stringify(text.slice(offset, offset + 12))} at line ${before.length}, column ${column}`;
}

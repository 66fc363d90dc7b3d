import { parseIproute2Json } from "@cni-chain/exec";

/** What JSON.parse may give, as far as this package looks into it. */
export type JsonRecord = { readonly [key: string]: unknown };

/**
 * Reads the output of `ip -j`: one JSON array a line, several lines from a batch. Throws SyntaxError on anything
 * else. Old releases print `[{},{…}]` when a filter left entries out; empty entries are dropped.
 */
export function jsonRecords(text: string): readonly JsonRecord[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .flatMap((line) => {
      const document: unknown = parseIproute2Json(line);
      if (!Array.isArray(document)) throw new SyntaxError(`expected a JSON array: ${line.slice(0, 80)}`);
      return document.filter(isRecord).filter((record) => Object.keys(record).length > 0);
    });
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function text(record: JsonRecord, key: string): string | undefined {
  const value = record[key];
  return typeof value === "string" ? value : undefined;
}

export function integer(record: JsonRecord, key: string): number | undefined {
  const value = record[key];
  return typeof value === "number" && Number.isInteger(value) ? value : undefined;
}

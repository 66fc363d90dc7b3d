import { parseIproute2Json } from "@cni-chain/exec";

export type JsonRecord = { readonly [key: string]: unknown };

/** The documents of `tc -j -batch`: one JSON array a line. Throws SyntaxError on anything else. */
export function jsonDocuments(text: string): readonly (readonly JsonRecord[])[] {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const document: unknown = parseIproute2Json(line);
      if (!Array.isArray(document)) throw new SyntaxError(`expected a JSON array: ${line.slice(0, 80)}`);
      return document.filter(isRecord);
    });
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function text(record: JsonRecord, key: string): string | undefined {
  const value = record[key];
  return typeof value === "string" ? value : undefined;
}

export function number(record: JsonRecord, key: string): number | undefined {
  const value = record[key];
  return typeof value === "number" ? value : undefined;
}

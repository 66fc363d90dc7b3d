import { isJsonObject, type Json, parseJson } from "@cni-chain/core";

/** What has been installed into a bin-dir, written before anything is put in its place. */
export interface Manifest {
  readonly plugins: { readonly [type: string]: InstalledPlugin };
  readonly confLists: { readonly [file: string]: EditedConfList };
}

export interface InstalledPlugin {
  /** SHA-256, in hex, of every version of ours that was installed. Another file at its place is somebody else's. */
  readonly ours: readonly string[];
  /** Something of somebody else's was there, and is kept. */
  readonly replaced: boolean;
}

export interface EditedConfList {
  /** SHA-256 of every text of ours. */
  readonly edited: readonly string[];
  /** The types that were appended. */
  readonly appended: readonly string[];
}

const none: Manifest = { plugins: {}, confLists: {} };

/** Throws CniError for text that is no JSON; fields of another shape count as missing. */
export function parseManifest(text: string, what: string): Manifest {
  const json = parseJson(text, what);
  if (!isJsonObject(json)) return none;
  return {
    plugins: entries(json["plugins"], (entry) => ({
      ours: strings(entry["ours"]),
      replaced: entry["replaced"] === true,
    })),
    confLists: entries(json["confLists"], (entry) => ({
      edited: strings(entry["edited"]),
      appended: strings(entry["appended"]),
    })),
  };
}

export function printManifest(manifest: Manifest): string {
  return `${JSON.stringify({ version: 1, ...manifest }, null, 2)}\n`;
}

function entries<T>(
  json: Json | undefined,
  read: (entry: { readonly [key: string]: Json }) => T,
): Record<string, T> {
  if (!isJsonObject(json)) return {};
  return Object.fromEntries(
    Object.entries(json).flatMap(([key, entry]) => (isJsonObject(entry) ? [[key, read(entry)]] : [])),
  );
}

function strings(json: Json | undefined): string[] {
  return Array.isArray(json) ? json.filter((one: Json) => typeof one === "string") : [];
}

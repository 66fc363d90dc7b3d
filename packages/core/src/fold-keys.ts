import { isJsonObject, type Json } from "./json.ts";
import type { KeyTree } from "./plugin.ts";

/**
 * Gives known keys their canonical spelling. Runtimes rely on Go's decoder, which ignores case: containerd
 * sends `HostPort`. As there, the later of two spellings wins and null for a known key counts as absent.
 * Unknown keys, and all below them, stay as they are. A bigint becomes a number where one is wanted.
 */
export function foldKeys(document: Json, keys: KeyTree): Json {
  if (typeof document === "bigint") return keys.numeric ? Number(document) : document;
  if (Array.isArray(document)) {
    const { items } = keys;
    return items === undefined ? document : document.map((item: Json) => foldKeys(item, items));
  }
  const { properties } = keys;
  if (properties === undefined || !isJsonObject(document)) return document;
  const folded = new Map<string, Json>();
  for (const [written, value] of Object.entries(document)) {
    const key = canonical(written, properties);
    const known = key === undefined ? undefined : properties[key];
    if (key === undefined || known === undefined) folded.set(written, value);
    else if (value !== null) folded.set(key, foldKeys(value, known));
  }
  // fromEntries defines properties: a key named __proto__ is one like any other.
  return Object.fromEntries(folded);
}

function canonical(written: string, properties: NonNullable<KeyTree["properties"]>): string | undefined {
  if (Object.hasOwn(properties, written)) return written;
  const lower = written.toLowerCase();
  return Object.keys(properties).find((key) => key.toLowerCase() === lower);
}

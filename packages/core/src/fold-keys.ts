import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import type { KeyTree } from "./plugin.ts";

/**
 * Gives known keys their canonical spelling. Runtimes rely on Go's decoder, which ignores case: containerd
 * sends `HostPort`. As there, the later of two spellings wins and null for a known key counts as absent.
 * Unknown keys, and all below them, stay as they are. A bigint becomes a number where one is wanted.
 * What has nothing to fold comes back as it is, not as a copy.
 */
export function foldKeys(document: Json, keys: KeyTree): Json {
  if (typeof document === "bigint") return keys.numeric ? Number(document) : document;
  const { items, properties } = keys;
  if (Array.isArray(document)) return items === undefined ? document : foldItems(document, items);
  return properties !== undefined && isJsonObject(document) ? foldObject(document, properties) : document;
}

function foldItems(items: readonly Json[], keys: KeyTree): readonly Json[] {
  const folded: Json[] = [];
  let same = true;
  for (const item of items) {
    const below = foldKeys(item, keys);
    same &&= below === item;
    folded.push(below);
  }
  return same ? items : folded;
}

function foldObject(document: JsonObject, properties: Properties): JsonObject {
  const folded = new Map<string, Json>();
  let same = true;
  for (const [written, value] of Object.entries(document)) {
    const key = canonical(written, properties);
    const known = key === undefined ? undefined : properties[key];
    if (key === undefined || known === undefined) {
      folded.set(written, value);
      continue;
    }
    const below = value === null ? null : foldKeys(value, known);
    same &&= key === written && below !== null && below === value;
    if (below !== null) folded.set(key, below);
  }
  // fromEntries defines properties: a key named __proto__ is one like any other.
  return same ? document : Object.fromEntries(folded);
}

type Properties = NonNullable<KeyTree["properties"]>;

function canonical(written: string, properties: Properties): string | undefined {
  if (Object.hasOwn(properties, written)) return written;
  const lower = written.toLowerCase();
  for (const key of Object.keys(properties)) if (key.toLowerCase() === lower) return key;
  return undefined;
}

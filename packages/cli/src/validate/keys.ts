import { isJsonObject, type Json } from "@cni-chain/core";
import type { ValueNode } from "@humanwhocodes/momoa";
import { type Finding, ofKey, type Path, warning } from "./finding.ts";
import { suggest } from "./suggest.ts";

/** The keys a schema knows, see core's KeyTree. */
interface Keys {
  readonly properties?: { readonly [key: string]: Keys };
  readonly items?: Keys;
}

/** Keys that a plugin does not know and therefore passes over, with the one that was probably meant. */
export function unknownKeys(document: Json, keys: Keys, path: Path, whose: string): Finding[] {
  if (Array.isArray(document)) {
    const { items } = keys;
    if (items === undefined) return [];
    return document.flatMap((item, index) => unknownKeys(item, items, [...path, index], whose));
  }
  const { properties } = keys;
  if (properties === undefined || !isJsonObject(document)) return [];
  const known = Object.keys(properties);
  return Object.entries(document).flatMap(([written, value]) => {
    const key = known.find((one) => one.toLowerCase() === written.toLowerCase());
    const below = key === undefined ? undefined : properties[key];
    if (below !== undefined) return unknownKeys(value, below, [...path, written], whose);
    // Keys with a domain in front are conventions between runtimes and other plugins.
    if (written.includes("/")) return [];
    const meant = suggest(written, known);
    return [ofKey(warning([...path, written], `unknown field, ${whose} passes over it`, meant))];
  });
}

/**
 * Keys that stand twice in one object, of which the later counts.
 * @param fold gives two spellings of one key the same name, at a path
 */
export function duplicateKeys(
  root: ValueNode,
  fold: (path: Path, key: string) => string,
  path: Path = [],
): Finding[] {
  if (root.type === "Array") {
    return root.elements.flatMap(({ value }, index) => duplicateKeys(value, fold, [...path, index]));
  }
  if (root.type !== "Object") return [];
  const seen = new Map<string, number>();
  return root.members.flatMap(({ name, value }) => {
    const key = name.type === "String" ? name.value : name.name;
    const folded = fold(path, key);
    const first = seen.get(folded);
    seen.set(folded, name.loc.start.line);
    const below = duplicateKeys(value, fold, [...path, key]);
    if (first === undefined) return below;
    const message = `stands twice, first in line ${first}; the later one counts`;
    return [ofKey(warning([...path, key], message)), ...below];
  });
}

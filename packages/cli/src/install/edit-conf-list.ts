import type { JsonObject } from "@cni-chain/core";
import { type ArrayNode, type ElementNode, parse } from "@humanwhocodes/momoa";

/** What is appended to a chain. */
const elements: ReadonlyMap<string, JsonObject> = new Map<string, JsonObject>([
  ["portmap", { type: "portmap", capabilities: { portMappings: true } }],
  ["bandwidth", { type: "bandwidth", capabilities: { bandwidth: true } }],
]);

export const appendable: readonly string[] = [...elements.keys()];

/** The types of the plugins in the text of a conflist; undefined if it has no list of plugins. */
export function typesIn(text: string): string[] | undefined {
  return pluginsOf(text)?.elements.map(({ value }) => typeOf(value));
}

/**
 * Appends plugins that are not there yet; all else stays as it is written, to the byte. A new one stands on a line of
 * its own, indented as the one before, where that has its own line.
 */
export function appendPlugins(text: string, types: readonly string[]): { text: string; appended: string[] } {
  const list = pluginsOf(text);
  const last = list?.elements.at(-1);
  if (list === undefined || last === undefined) return { text, appended: [] };
  const there = list.elements.map(({ value }) => typeOf(value));
  const appended = [...new Set(types)].filter((type) => !there.includes(type));
  const before = text.slice(0, last.loc.start.offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  const indent = before.slice(lineStart);
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const gap = lineStart > 0 && indent.trim() === "" ? `,${eol}${indent}` : ", ";
  const end = last.loc.end.offset;
  const more = appended.map((type) => `${gap}${oneLine(elements.get(type) ?? { type })}`);
  return { text: text.slice(0, end) + more.join("") + text.slice(end), appended };
}

/** Takes plugins out again, with the comma and the space in front of them. */
export function removePlugins(text: string, types: readonly string[]): string {
  const list = pluginsOf(text)?.elements ?? [];
  return list.reduceRight((rest, element, index) => {
    if (!types.includes(typeOf(element.value))) return rest;
    const [from, to] = extent(list, index);
    return rest.slice(0, from) + rest.slice(to);
  }, text);
}

/** From the element before to the end of this; the first goes up to the next. */
function extent(list: readonly ElementNode[], index: number): [number, number] {
  const here = list[index]?.loc;
  const before = list[index - 1]?.loc.end.offset;
  if (before !== undefined) return [before, here?.end.offset ?? before];
  const start = here?.start.offset ?? 0;
  return [start, list[index + 1]?.loc.start.offset ?? here?.end.offset ?? start];
}

function pluginsOf(text: string): ArrayNode | undefined {
  const { body } = parse(text);
  if (body.type !== "Object") return undefined;
  const member = body.members.findLast(({ name }) => name.type === "String" && name.value === "plugins");
  return member?.value.type === "Array" ? member.value : undefined;
}

function typeOf(value: ElementNode["value"]): string {
  if (value.type !== "Object") return "";
  const member = value.members.findLast(({ name }) => name.type === "String" && name.value === "type");
  return member?.value.type === "String" ? member.value.value : "";
}

/** `{ "type": "portmap", "capabilities": { "portMappings": true } }`. */
function oneLine(value: JsonObject): string {
  return JSON.stringify(value, null, 1).replace(/\n\s*/g, " ");
}

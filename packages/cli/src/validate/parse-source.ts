import { type Json, jsonErrorOffset, parseJson } from "@cni-chain/core";
import { parse, type ValueNode } from "@humanwhocodes/momoa";
import type { Finding, Path, Placed } from "./finding.ts";
import { openBrackets, syntaxError } from "./syntax.ts";

/** A document, and where each part of it stands in its text. */
export interface Source {
  readonly text: string;
  readonly json: Json;
  readonly root: ValueNode;
}

/** Reads JSON as the plugins do; where they cannot, says where and why not. */
export function parseSource(text: string): Source | Placed {
  try {
    return { text, json: parseJson(text), root: parse(text).body };
  } catch (thrown) {
    const offset = jsonErrorOffset(text);
    const message = offset === text.length && text.trim() !== "" ? undefined : syntaxError(text, offset);
    return {
      severity: "error",
      path: [],
      at: "value",
      message: message ?? endsTooEarly(text, thrown),
      ...lineAndColumn(text, offset),
    };
  }
}

/** Where in the text a finding is; what is missing is where it should be: in the object around it. */
export function place(source: Source, finding: Finding): Placed {
  return { ...finding, ...lineAndColumn(source.text, offsetOf(source.root, finding.path, finding.at)) };
}

/** Line and column of an offset, both from 1; the column counts characters. */
function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const lines = text.slice(0, offset).split("\n");
  return { line: lines.length, column: [...(lines.at(-1) ?? "")].length + 1 };
}

function offsetOf(root: ValueNode, path: Path, at: Finding["at"]): number {
  let node = root;
  let key: number | undefined;
  for (const step of path) {
    if (node.type === "Object") {
      // The later of two keys counts.
      const member = node.members.findLast(({ name }) => isKey(name, String(step)));
      if (member === undefined) break;
      key = member.name.loc.start.offset;
      node = member.value;
    } else if (node.type === "Array") {
      const element = typeof step === "number" ? node.elements[step] : undefined;
      if (element === undefined) break;
      key = undefined;
      node = element.value;
    } else break;
  }
  return at === "key" && key !== undefined ? key : node.loc.start.offset;
}

/** Paths name keys in their canonical spelling, a document in any. */
function isKey(name: { type: string; value?: string }, key: string): boolean {
  return name.value === key || name.value?.toLowerCase() === key.toLowerCase();
}

function endsTooEarly(text: string, thrown: unknown): string {
  const open = openBrackets(text);
  if (open.length > 0) return `the document ends too early: ${open.join(" in ")} is not closed`;
  return thrown instanceof Error ? thrown.message : "the document is not JSON";
}

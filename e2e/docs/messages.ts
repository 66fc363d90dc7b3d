import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "oxc-parser";

/** A text of the code that may come to an operator's eyes. What is put in when it is said stands as `…`. */
export interface Message {
  readonly file: string;
  readonly text: string;
}

interface AstNode {
  readonly type: string;
  readonly [key: string]: unknown;
}

const root = join(import.meta.dirname, "..", "..");

/** Packages that are part of a plugin's executable. */
const inPlugins =
  "{plugins,portmap,bandwidth,loopback,core,exec,iptables-wrapper,nft-ts,tc-ts,ip-ts,netlink,libc}";
/** What makes a message of its first argument. */
const failures = /^(?:Failure|UsageError|ConfError|PluginFailure)$/;

/** Every sentence in the plugins' code: texts of three words and more, wherever they stand. */
export function pluginMessages(): readonly Message[] {
  return collect(`packages/${inPlugins}/src/**/*.ts`, sentences);
}

/** What the tool says when it fails, or beside its output: first arguments of its errors and of `tell`. */
export function toolMessages(): readonly Message[] {
  return collect("packages/cli/src/**/*.ts", firstArguments);
}

/** Every sentence in what finds faults of a node or a configuration. */
export function findingMessages(): readonly Message[] {
  return collect("packages/cli/src/{doctor,validate}/**/*.ts", sentences);
}

function collect(pattern: string, find: (program: AstNode) => readonly string[]): readonly Message[] {
  const files = globSync(pattern, { cwd: root })
    .filter((file) => !/\.(?:test|d)\.ts$|\/(?:generated|fixtures)\/|\/fake[^/]*\.ts$/.test(file))
    .sort();
  const seen = new Set<string>();
  return files.flatMap((file) => {
    const { program } = parseSync(file, readFileSync(join(root, file), "utf8"));
    const texts = find(program as unknown as AstNode).filter((text) => !seen.has(text));
    for (const text of texts) seen.add(text);
    return texts.map((text) => ({ file, text }));
  });
}

function sentences(program: AstNode): string[] {
  const found: string[] = [];
  visit(program, (node) => {
    if (node.type === "TSLiteralType" || node.type.startsWith("Import")) return false;
    const text = textOf(node);
    if (text !== undefined && /\p{L}{2,}[,:;]? (?:\S+ )+\S/u.test(text)) found.push(text);
    return true;
  });
  return found;
}

function firstArguments(program: AstNode): string[] {
  const found: string[] = [];
  visit(program, (node) => {
    if (saysSomething(node)) {
      const [message] = node["arguments"] as AstNode[];
      const text = message === undefined ? undefined : textOf(message);
      if (text !== undefined && /\p{L}{2}/u.test(text)) found.push(text);
    }
    return true;
  });
  return found;
}

function saysSomething({ type, callee }: AstNode): boolean {
  if (!isNode(callee)) return false;
  if (type === "NewExpression") return failures.test(String(callee["name"]));
  const { property } = callee;
  return type === "CallExpression" && isNode(property) && property["name"] === "tell";
}

/** The text of a string, a template or a sum of such; undefined for anything else. */
function textOf(node: AstNode): string | undefined {
  if (node.type === "Literal") return typeof node["value"] === "string" ? node["value"] : undefined;
  if (node.type === "BinaryExpression" && node["operator"] === "+") {
    const sides = [node["left"], node["right"]].map((side) => (isNode(side) ? textOf(side) : undefined));
    return sides.every((side) => side === undefined) ? undefined : sides.map((side) => side ?? "…").join("");
  }
  if (node.type !== "TemplateLiteral") return undefined;
  const quasis = node["quasis"] as { value: { cooked: string } }[];
  return quasis.map(({ value }) => value.cooked).join("…");
}

/** Goes down wherever `enter` gives true. */
function visit(node: AstNode, enter: (node: AstNode) => boolean): void {
  if (!enter(node)) return;
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, enter);
  }
}

function isNode(value: unknown): value is AstNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

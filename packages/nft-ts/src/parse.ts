import { isRecord, type JsonRecord } from "./json.ts";
import type { ListedChain, ListedRule, ListedTable } from "./rule.ts";

/**
 * Reads `nft -j list table`, see libnftables-json(5): chains and their rules; other objects are passed over.
 * Throws SyntaxError on anything else.
 */
export function parseTable(text: string): ListedTable {
  const document: unknown = JSON.parse(text);
  if (!isRecord(document) || !Array.isArray(document["nftables"])) {
    throw new SyntaxError(`expected {"nftables": […]}: ${text.slice(0, 80)}`);
  }
  const objects: readonly unknown[] = document["nftables"];
  const rules = new Map<string, ListedRule[]>();
  for (const rule of ofKind(objects, "rule")) {
    const chain = String(rule["chain"]);
    rules.set(chain, [...(rules.get(chain) ?? []), readRule(rule)]);
  }
  return new Map(
    ofKind(objects, "chain").map((chain): [string, ListedChain] => {
      const name = String(chain["name"]);
      return [name, { hook: readHook(chain), rules: rules.get(name) ?? [] }];
    }),
  );
}

function ofKind(objects: readonly unknown[], kind: string): JsonRecord[] {
  return objects.flatMap((object) => {
    const inner = isRecord(object) ? object[kind] : undefined;
    return isRecord(inner) ? [inner] : [];
  });
}

function readRule({ handle, comment, expr }: JsonRecord): ListedRule {
  if (typeof handle !== "number") throw new SyntaxError(`a rule without handle`);
  return {
    handle,
    comment: typeof comment === "string" ? comment : undefined,
    expressions: Array.isArray(expr) ? expr : [],
  };
}

function readHook({ type, hook, prio }: JsonRecord): ListedChain["hook"] {
  if (typeof hook !== "string") return undefined;
  return { type: String(type), hook, priority: Number(prio) };
}

/** Reads the head line of each table in a listing that is not JSON, as `ip nat`. */
export function parseTableNames(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/^table (\w+ \S+) \{/gm)].map(([, name = ""]) => name));
}

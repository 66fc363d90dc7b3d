import type { Change } from "./change.ts";
import { renderRule } from "./render.ts";
import type { ListedRule, Rule } from "./rule.ts";
import { type ByTable, inTables, type Table } from "./table.ts";

/** Input of `iptables-restore --noflush`: the changes of each table, carried out whole or not at all. */
export function renderRestore(changes: ByTable<readonly Change[]>): string {
  return renderTables(inTables(changes).map(([table, items]) => [table, items.map(renderChange)]));
}

/**
 * Input of `iptables-restore --noflush` that prints chains as `iptables -S` does, before it makes the changes
 * of their table, if any.
 */
export function renderListing(
  chains: ByTable<readonly string[]>,
  changes: ByTable<readonly Change[]> = {},
): string {
  return renderTables(
    inTables(chains).map(([table, names]) => [
      table,
      [...names.map((chain) => `-S ${chainName(chain)}`), ...(changes[table] ?? []).map(renderChange)],
    ]),
  );
}

/** The same for every chain of a table: all their heads, then the rules of all of them. */
export function renderTableListing(table: Table): string {
  return renderTables([[table, ["-S"]]]);
}

function renderTables(tables: readonly (readonly [string, readonly string[]])[]): string {
  return tables.map(([table, lines]) => [`*${table}`, ...lines, "COMMIT", ""].join("\n")).join("");
}

function renderChange(change: Change): string {
  const chain = chainName(change.chain);
  switch (change.kind) {
    case "newChain":
      return `-N ${chain}`;
    case "flushChain":
      return `-F ${chain}`;
    case "deleteChain":
      return `-X ${chain}`;
    case "append":
      return `-A ${chain} ${ruleText(change.rule)}`;
    case "insertFirst":
      return `-I ${chain} 1 ${ruleText(change.rule)}`;
    case "deleteRule":
      return `-D ${chain} ${ruleText(change.rule)}`;
  }
}

function ruleText(rule: Rule | ListedRule): string {
  return ("tokens" in rule ? rule.tokens : renderRule(rule)).map(quote).join(" ");
}

/**
 * One token in the quoting of iptables-restore (xshared.c, add_param_to_argv): double quotes, inside them
 * a backslash before a quote or a backslash. Throws RangeError where it cannot be quoted.
 */
export function quote(token: string): string {
  if (/^[\w@%+=:,./![\]-]+$/.test(token)) return token;
  if (!isQuotable(token)) throw new RangeError(`control character in ${JSON.stringify(token)}`);
  return `"${token.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** False for a token with a control character, which could end its line. */
export function isQuotable(token: string): boolean {
  return [...token].every((character) => character >= " " && character !== "\u007f");
}

/** Throws RangeError on what is no chain name. */
export function chainName(name: string): string {
  if (!/^[A-Za-z0-9_][\w.:-]{0,27}$/.test(name)) {
    throw new RangeError(`${JSON.stringify(name)} is no chain name: 1 to 28 of A-Z a-z 0-9 _ . : -`);
  }
  return name;
}

import type { Change } from "./change.ts";
import { renderRule } from "./render.ts";
import type { ListedRule, Rule } from "./rule.ts";

/** Tables of iptables(8) that this wrapper writes to. */
export type Table = "nat" | "raw";

/** Input of `iptables-restore --noflush`: all changes of a table, carried out whole or not at all. */
export function renderRestore(table: Table, changes: readonly Change[]): string {
  return [`*${table}`, ...changes.map(renderChange), "COMMIT", ""].join("\n");
}

/** Input of `iptables-restore --noflush` that prints chains as `iptables -S` does and changes nothing. */
export function renderListing(table: Table, chains: readonly string[]): string {
  return [`*${table}`, ...chains.map((chain) => `-S ${chainName(chain)}`), "COMMIT", ""].join("\n");
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
 * a backslash before a quote or a backslash. A control character could end the line, so it is refused.
 */
export function quote(token: string): string {
  const control = [...token].find((character) => character < " " || character === "\u007f");
  if (control !== undefined) {
    throw new RangeError(`control character ${JSON.stringify(control)} in ${JSON.stringify(token)}`);
  }
  if (/^[\w@%+=:,./![\]-]+$/.test(token)) return token;
  return `"${token.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function chainName(name: string): string {
  if (!/^[A-Za-z0-9_][\w.:-]{0,27}$/.test(name)) {
    throw new RangeError(`${JSON.stringify(name)} is no chain name: 1 to 28 of A-Z a-z 0-9 _ . : -`);
  }
  return name;
}

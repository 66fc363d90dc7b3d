import type { Change } from "./change.ts";
import { matchTextProblem } from "./match-text.ts";
import type { Family, Hook, Match, Rule, Verdict } from "./rule.ts";

/** Longest comment of a rule, in bytes (NFTNL_UDATA_COMMENT_MAXLEN). */
const maxCommentBytes = 128;

/** The transaction as `nft -f` reads it. Throws RangeError on what nft could not hold. */
export function renderChanges(family: Family, table: string, changes: readonly Change[]): string {
  const at = `${family} ${identifier(table)}`;
  return changes.map((change) => `${renderChange(family, at, change)}\n`).join("");
}

function renderChange(family: Family, at: string, change: Change): string {
  switch (change.kind) {
    case "addTable":
      return `add table ${at} { comment ${quoted(change.comment)} ; }`;
    case "createChain":
      return `create chain ${at} ${identifier(change.chain)}${change.hook === undefined ? "" : ` ${renderHook(change.hook)}`}`;
    case "append":
      return `add rule ${at} ${identifier(change.chain)} ${renderRule(family, change.rule)}`;
    case "insertFirst":
      return `insert rule ${at} ${identifier(change.chain)} ${renderRule(family, change.rule)}`;
    case "deleteRule":
      return `delete rule ${at} ${identifier(change.chain)} handle ${change.handle}`;
  }
}

/** `{ type nat hook output priority -100 ; }`, as behind a chain's name. */
export function renderHook({ type, hook, priority }: Hook): string {
  return `{ type ${type} hook ${hook} priority ${priority} ; }`;
}

/** The rule in nft's syntax, without table and chain. Throws RangeError on what nft could not hold. */
export function renderRule(family: Family, { matches, verdict, comment }: Rule): string {
  return [
    ...matches.map((match) => renderMatch(family, match)),
    renderVerdict(family, verdict),
    ...(comment === undefined ? [] : [`comment ${quoted(comment)}`]),
  ].join(" ");
}

function renderMatch(family: Family, match: Match): string {
  switch (match.kind) {
    case "address":
      return `${family} ${match.field} ${network(match.network)}`;
    case "destinationPort":
      return `${match.protocol} dport ${port(match.port)}`;
    case "localDestination":
      return "fib daddr type local";
    case "inInterface":
      return `iifname ${match.negated ? "!= " : ""}${quoted(match.name)}`;
    case "lengthNot":
      return `meta length != ${match.length}`;
    case "text": {
      const problem = matchTextProblem(match.text);
      if (problem !== undefined) throw new RangeError(`match ${JSON.stringify(match.text)}: ${problem}`);
      return match.text;
    }
  }
}

function renderVerdict(family: Family, verdict: Verdict): string {
  switch (verdict.kind) {
    case "jump":
      return `jump ${identifier(verdict.to)}`;
    case "dnat": {
      const address = network(verdict.address);
      return `dnat to ${family === "ip6" ? `[${address}]` : address}:${port(verdict.port)}`;
    }
    case "masquerade":
    case "drop":
      return verdict.kind;
  }
}

function identifier(name: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(name)) throw new RangeError(`${JSON.stringify(name)} is no name for nft`);
  return name;
}

function network(text: string): string {
  if (!/^[\da-fA-F.:]+(\/\d{1,3})?$/.test(text))
    throw new RangeError(`${JSON.stringify(text)} is no address`);
  return text;
}

/** False for a text with a quote or a control character: nft's strings know no escapes. */
export function isQuotable(text: string): boolean {
  return !/["\p{Cc}]/u.test(text);
}

function quoted(text: string): string {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > maxCommentBytes) throw new RangeError(`${bytes} bytes of text; nft holds ${maxCommentBytes}`);
  if (!isQuotable(text)) throw new RangeError(`${JSON.stringify(text)} cannot be quoted for nft`);
  return `"${text}"`;
}

function port(value: number): string {
  if (!Number.isInteger(value) || value < 1 || value > 65535)
    throw new RangeError(`port ${value}; 1 to 65535`);
  return String(value);
}

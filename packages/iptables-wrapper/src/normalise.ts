import { normaliseCidr } from "./cidr.ts";
import { renderRule } from "./render.ts";
import type { ListedRule, Rule } from "./rule.ts";

/**
 * One option of a rule with its arguments, in the spelling iptables-save uses. Rules are compared as sets
 * of clauses, because the tool rewrites text: it masks addresses, renames options, adds `-m tcp` and
 * prints matches in an order of its own.
 */
export interface Clause {
  readonly option: string;
  readonly negated: boolean;
  readonly values: readonly string[];
}

const spelling: Readonly<Record<string, string>> = {
  "--source": "-s",
  "--src": "-s",
  "--destination": "-d",
  "--dst": "-d",
  "--protocol": "-p",
  "--proto": "-p",
  "--in-interface": "-i",
  "--out-interface": "-o",
  "--match": "-m",
  "--jump": "-j",
  "--goto": "-g",
  "--destination-port": "--dport",
  "--source-port": "--sport",
  "--destination-ports": "--dports",
  "--source-ports": "--sports",
};

const protocolNumbers: Readonly<Record<string, string>> = { "6": "tcp", "17": "udp", "132": "sctp" };
/** Matches that `-p` loads by itself; whether they are spelled out says nothing. */
const impliedMatches = new Set(["tcp", "udp", "sctp", "icmp", "icmp6", "ipv6-icmp"]);

/** The clauses of one rule. Options without a rule of their own here keep their values as they are. */
export function clausesOf(rule: Rule | ListedRule): Clause[] {
  const tokens = tokensOf(rule);
  const clauses: Clause[] = [];
  let at = 0;
  while (at < tokens.length) {
    const negated = tokens[at] === "!";
    if (negated) at += 1;
    const given = tokens[at] ?? "";
    const option = spelling[given] ?? given;
    at += 1;
    const values: string[] = [];
    // The value of --comment may look like an option; every other option ends where the next one begins.
    while (at < tokens.length && (isValue(tokens[at]) || (option === "--comment" && values.length === 0))) {
      values.push(tokens[at] ?? "");
      at += 1;
    }
    const clause = normaliseClause({ option, negated, values });
    if (clause !== undefined) clauses.push(clause);
  }
  return clauses;
}

function isValue(token: string | undefined): boolean {
  return token !== undefined && token !== "!" && !/^-{1,2}[A-Za-z]/.test(token);
}

function normaliseClause(clause: Clause): Clause | undefined {
  const first = clause.values[0] ?? "";
  switch (clause.option) {
    case "-s":
    case "-d": {
      const cidr = normaliseCidr(first);
      // Every address: iptables-save leaves it out.
      return cidr.endsWith("/0") && !clause.negated ? undefined : { ...clause, values: [cidr] };
    }
    case "-p": {
      const name = first.toLowerCase();
      return { ...clause, values: [protocolNumbers[name] ?? name] };
    }
    case "-m":
      return impliedMatches.has(first) ? undefined : clause;
    case "--dports":
    case "--sports":
      return { ...clause, values: [[...new Set(first.split(","))].sort().join(",")] };
    case "--mark":
    case "--set-xmark":
      return { ...clause, values: [normaliseMark(first)] };
    default:
      return clause;
  }
}

function normaliseMark(text: string): string {
  const [value = "", mask = "0xffffffff"] = text.split("/");
  const hex = (number: string) => `0x${Number(number).toString(16)}`;
  return `${hex(value)}/${hex(mask)}`;
}

/**
 * What makes two rules the same, one key for each rule the kernel would hold: a list of addresses behind
 * -s or -d stands for as many rules.
 */
export function ruleKeys(rule: Rule | ListedRule): string[] {
  const tokens = tokensOf(rule);
  return expandAddressLists(tokens).map((expanded) =>
    clausesOf({ tokens: expanded })
      .map((clause) => JSON.stringify([clause.option, clause.negated, ...clause.values]))
      .sort()
      .join(" "),
  );
}

/** True where two rules are the same word by word, be they listed or to be written. */
export function isVerbatim(one: Rule | ListedRule, other: Rule | ListedRule): boolean {
  return tokensOf(one).join("\n") === tokensOf(other).join("\n");
}

function tokensOf(rule: Rule | ListedRule): readonly string[] {
  return "tokens" in rule ? rule.tokens : renderRule(rule);
}

function expandAddressLists(tokens: readonly string[]): (readonly string[])[] {
  const at = tokens.findIndex(
    (token, index) =>
      token.includes(",") &&
      ["-s", "-d"].includes(spelling[tokens[index - 1] ?? ""] ?? tokens[index - 1] ?? ""),
  );
  const list = tokens[at];
  if (list === undefined) return [tokens];
  return list.split(",").flatMap((address) => expandAddressLists(tokens.with(at, address)));
}

/**
 * The value of an option as the tool lists it (`--dports`, not `--destination-ports`), undefined where the rule
 * has none. Cheaper than clausesOf by far, for a chain with hundreds of rules.
 */
export function listedValue({ tokens }: ListedRule, option: string): string | undefined {
  for (let at = 0; at < tokens.length; at += 1) {
    if (tokens[at] === option) return tokens[at + 1];
    // What stands behind --comment is text, whatever it looks like.
    if (tokens[at] === "--comment") at += 1;
  }
  return undefined;
}

/** By the rule: whoever looks for the rules of many containers asks each rule for each of them. */
const jumpTargets = new WeakMap<ListedRule, { readonly name: string | undefined }>();

/** The chain or built-in target behind `-j`, if there is one. */
export function jumpTarget(rule: ListedRule): string | undefined {
  const known = jumpTargets.get(rule);
  if (known !== undefined) return known.name;
  const name = listedValue(rule, "-j");
  jumpTargets.set(rule, { name });
  return name;
}

/** The tokens in the spelling of a listing. */
export function asListed(tokens: readonly string[]): string[] {
  return tokens.map((token) => spelling[token] ?? token);
}

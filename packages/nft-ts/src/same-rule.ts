import { canonicalJson, isRecord } from "./json.ts";
import type { Family, ListedRule, Match, Rule, Verdict } from "./rule.ts";

/**
 * True where the listed rule is the written one. Compared as JSON expressions, since nft prints its own text.
 * A match given as text stands for any number of expressions: nft alone knows what it makes of it.
 */
export function isSameRule(family: Family, rule: Rule, listed: ListedRule): boolean {
  if (listed.comment !== rule.comment) return false;
  const textAt = rule.matches.findIndex(({ kind }) => kind === "text");
  // Most others have more or fewer, which is told at no price.
  if (textAt < 0 && listed.expressions.length !== rule.matches.length + 1) return false;
  const found = listed.expressions.map(expressionKey);
  const keys = (matches: readonly Match[]) =>
    matches.flatMap((match) =>
      match.kind === "text" ? [] : [expressionKey(matchExpression(family, match))],
    );
  const verdict = expressionKey(verdictExpression(rule.verdict));
  if (textAt < 0) return equal(found, [...keys(rule.matches), verdict]);
  const head = keys(rule.matches.slice(0, textAt));
  const tail = [...keys(rule.matches.slice(textAt)), verdict];
  return (
    found.length >= head.length + tail.length &&
    equal(found.slice(0, head.length), head) &&
    equal(found.slice(-tail.length), tail)
  );
}

function equal(a: readonly string[], b: readonly string[]): boolean {
  return a.join("\n") === b.join("\n");
}

/**
 * The expressions a rule has once it stands in the kernel, as libnftables-json(5); of a match given as text nobody but nft
 * can tell, so there are none for it.
 */
export function expressionsOf(family: Family, { matches, verdict }: Rule): readonly unknown[] {
  const matching = matches.flatMap((match) =>
    match.kind === "text" ? [] : [matchExpression(family, match)],
  );
  return [...matching, verdictExpression(verdict)];
}

type Expressed = Exclude<Match, { kind: "text" }>;

function matchExpression(family: Family, match: Expressed): unknown {
  switch (match.kind) {
    case "address": {
      const [addr = "", length] = match.network.split("/");
      const right = length === undefined ? addr : { prefix: { addr, len: Number(length) } };
      return matching("==", { payload: { protocol: family, field: match.field } }, right);
    }
    case "destinationPort":
      return matching("==", { payload: { protocol: match.protocol, field: "dport" } }, match.port);
    case "localDestination":
      return matching("==", { fib: { result: "type", flags: ["daddr"] } }, "local");
    case "inInterface":
      return matching(match.negated ? "!=" : "==", { meta: { key: "iifname" } }, match.name);
    case "lengthNot":
      return matching("!=", { meta: { key: "length" } }, match.length);
  }
}

function matching(op: string, left: unknown, right: unknown): unknown {
  return { match: { op, left, right } };
}

function verdictExpression(verdict: Verdict): unknown {
  switch (verdict.kind) {
    case "jump":
      return { jump: { target: verdict.to } };
    case "dnat":
      return { dnat: { addr: verdict.address, port: verdict.port } };
    case "masquerade":
    case "drop":
      return { [verdict.kind]: null };
  }
}

/** Of a dnat only address and port count, of `drop` and `masquerade` the name: the rest differs between versions. */
function expressionKey(expression: unknown): string {
  if (isRecord(expression)) {
    if ("drop" in expression || "masquerade" in expression) return Object.keys(expression).join();
    const dnat = expression["dnat"];
    if (isRecord(dnat)) return canonicalJson({ dnat: { addr: dnat["addr"], port: dnat["port"] } });
  }
  return canonicalJson(expression);
}

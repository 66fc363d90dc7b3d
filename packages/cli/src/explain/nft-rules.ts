import { isJsonObject, type Json, type JsonObject } from "@cni-chain/core";
import { entryFor, matchTest, reader } from "./nft-matches.ts";
import { allOf, type Test } from "./packet.ts";
import type { BaseChain, Hook, Rule, Table, Verdict } from "./ruleset.ts";

const hooks: readonly string[] = ["prerouting", "input", "forward", "output", "postrouting"];

/** Reads `nft -j list table`. `textOf` gives nft's own words for the rule of a handle. */
export function nftRuleset(
  name: string,
  document: Json,
  textOf: (handle: number) => string | undefined,
): BaseChain[] {
  const objects = isJsonObject(document) ? document["nftables"] : undefined;
  const listed = (Array.isArray(objects) ? objects : []).filter(isJsonObject);
  const chains = new Map<string, Rule[]>();
  const heads = listed.flatMap(({ chain }) => (isJsonObject(chain) ? [chain] : []));
  for (const head of heads) chains.set(String(head["name"]), []);
  for (const { rule } of listed) {
    if (!isJsonObject(rule)) continue;
    chains.get(String(rule["chain"]))?.push(...rulesOf(rule, textOf));
  }
  const table: Table = { name, chains };
  return heads.flatMap(({ name, hook, type, prio, policy }): BaseChain[] => {
    if (!isHook(hook)) return [];
    return [
      {
        table,
        chain: String(name),
        hook,
        type: type === "nat" ? "nat" : "filter",
        priority: Number(prio),
        policy: policy === "drop" ? "drop" : "accept",
      },
    ];
  });
}

function isHook(hook: Json | undefined): hook is Hook {
  return typeof hook === "string" && hooks.includes(hook);
}

/** A rule, or for a map of verdicts one for each way it may go: what is not known of it is one more. */
function rulesOf(
  { expr, handle, comment }: JsonObject,
  textOf: (handle: number) => string | undefined,
): Rule[] {
  const statements = (Array.isArray(expr) ? expr : []).filter(isJsonObject);
  const text = textOf(Number(handle)) ?? JSON.stringify(expr);
  const head = { text, comment: typeof comment === "string" ? comment : undefined };
  const tests: Test[] = [];
  const rules: Rule[] = [];
  for (const statement of statements) {
    const { match, vmap } = statement;
    if (isJsonObject(match)) tests.push(matchTest(match));
    else if (isJsonObject(vmap)) rules.push(...mapRules(vmap, head, [...tests]));
    else if ("limit" in statement || "quota" in statement || "xt" in statement) tests.push(() => "may");
    else {
      const verdict = verdictOf(statement);
      if (verdict.kind !== "none") rules.push({ ...head, takes: allOf([...tests]), verdict });
    }
  }
  return rules.length > 0 ? rules : [{ ...head, takes: allOf(tests), verdict: { kind: "none" } }];
}

function mapRules(
  { key, data }: JsonObject,
  head: Pick<Rule, "text" | "comment">,
  tests: readonly Test[],
): Rule[] {
  const read = reader(key);
  const set = isJsonObject(data) ? data["set"] : undefined;
  const verdicts = (Array.isArray(set) ? set : []).flatMap((entry: Json) => {
    const verdict: Json = Array.isArray(entry) ? (entry[1] ?? null) : null;
    return isJsonObject(verdict) ? [verdict] : [];
  });
  const unknown: Rule = {
    ...head,
    takes: allOf([
      ...tests,
      (packet, node) => (entryFor(read(packet, node), data) === undefined ? "may" : "no"),
    ]),
    verdict: { kind: "unknown" },
  };
  const texts = [...new Set(verdicts.map((verdict) => JSON.stringify(verdict)))];
  const known = texts.map((text): Rule => {
    const verdict = verdicts.find((one) => JSON.stringify(one) === text) ?? {};
    const isChosen: Test = (packet, node) => {
      const entry = entryFor(read(packet, node), data);
      return JSON.stringify(entry) === text ? "yes" : "no";
    };
    return { ...head, takes: allOf([...tests, isChosen]), verdict: verdictOf(verdict) };
  });
  return [unknown, ...known];
}

function verdictOf(statement: JsonObject): Verdict {
  const { jump, goto, dnat, mangle } = statement;
  for (const kind of ["accept", "drop", "reject", "return", "masquerade", "snat"] as const) {
    if (kind in statement) return { kind };
  }
  if (isJsonObject(jump)) return { kind: "jump", to: String(jump["target"]) };
  if (isJsonObject(goto)) return { kind: "goto", to: String(goto["target"]) };
  if (isJsonObject(dnat)) return dnatVerdict(dnat);
  if (isJsonObject(mangle)) return markVerdict(mangle);
  return "redirect" in statement || "queue" in statement || "tproxy" in statement || "dnat" in statement
    ? { kind: "unknown" }
    : { kind: "none" };
}

function dnatVerdict({ addr, port }: JsonObject): Verdict {
  const isPlain =
    (addr === undefined || typeof addr === "string") && (port === undefined || typeof port === "number");
  return isPlain ? { kind: "dnat", address: addr, port } : { kind: "unknown" };
}

/** `meta mark set 0x2000` and `meta mark set mark | 0x2000`; anything else that is set is no mark, or not known. */
function markVerdict({ key, value }: JsonObject): Verdict {
  const meta = isJsonObject(key) ? key["meta"] : undefined;
  if (!isJsonObject(meta) || meta["key"] !== "mark") return { kind: "none" };
  if (typeof value === "number") return { kind: "mark", value, mask: 0xffff_ffff };
  const or = isJsonObject(value) ? value["|"] : undefined;
  const bits: Json = Array.isArray(or) ? (or[1] ?? null) : null;
  return typeof bits === "number" ? { kind: "mark", value: bits, mask: bits } : { kind: "unknown" };
}

import type { Hop, RuleLine } from "./explanation.ts";
import type { PlacedRule, Walk } from "./walk.ts";

function lineOf({ table, chain, number, rule }: PlacedRule): RuleLine {
  return { table, chain, number, text: rule.text };
}

/** Rules that only prepare something decide nothing themselves. */
const decides = new Set(["accept", "drop", "reject", "return", "jump", "goto", "dnat", "unknown"]);

/** What a walk through a hook's chains comes to. `said`: what is to be told of one that passes. */
export function hopOf(name: Hop["name"], walk: Walk, said: string): Hop {
  const doubts = walk.doubts.filter(({ rule }) => decides.has(rule.verdict.kind)).map(lineOf);
  const certain = doubts.length === 0;
  const rules = walk.taken.map(lineOf);
  const { droppedBy } = walk;
  if (walk.end === "passes" || droppedBy === undefined) {
    const through = [...new Set(walk.passed.map(({ rule }) => chainOf(rule.verdict)))].filter(
      (one) => one !== "",
    );
    const passed = through.length === 0 ? "" : `; nothing in ${through.join(", ")} takes it`;
    return { name, passes: true, certain, text: `${said}${passed}`, rules, doubts };
  }
  if ("policy" in droppedBy) {
    const { table, chain } = droppedBy;
    return {
      name,
      passes: false,
      certain,
      text: `dropped by the policy of chain ${chain} (${table}): no rule accepts it`,
      rules: [...rules, { table, chain, number: null, text: "policy drop" }],
      doubts,
      remedy: remedyFor(table, chain),
    };
  }
  const what = droppedBy.rule.verdict.kind === "reject" ? "refused" : "dropped";
  const text = `${what} by rule ${droppedBy.number} of chain ${droppedBy.chain} (${droppedBy.table})`;
  return { name, passes: false, certain, text, rules, doubts };
}

function chainOf(verdict: PlacedRule["rule"]["verdict"]): string {
  return verdict.kind === "jump" || verdict.kind === "goto" ? verdict.to : "";
}

function remedyFor(table: string, chain: string): string {
  const [tool = "", family = "", name = ""] = table.split(" ");
  return tool === "nft"
    ? `nft insert rule ${family} ${name} ${chain} ct status dnat accept`
    : `${tool} -I ${chain} -m conntrack --ctstate DNAT -j ACCEPT`;
}

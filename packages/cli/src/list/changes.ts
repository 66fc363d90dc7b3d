import type { NodeView } from "../node/read-node.ts";
import type { Limit } from "../node/shaping.ts";
import { rateText } from "../output/quantities.ts";
import { printable } from "../output/table.ts";
import { hostText, limitState, podEndpoint, podText, portState } from "./words.ts";

/** What a view says, a line for each row by what makes the row the same; counters are left out. */
export function viewLines({ ports, limits, problems }: NodeView): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  for (const row of ports) {
    const { forward, owner } = row;
    const what = `port ${hostText(forward)} → ${podEndpoint(forward)} by ${forward.backend}`;
    lines.set(`${what} ${forward.chain}`, printable(`${what}, pod ${podText(owner)}: ${portState(row)}`));
  }
  for (const row of limits) {
    const { shaped, owner } = row;
    const { ingress, egress } = shaped;
    const rates = `${limitText(ingress)} in, ${limitText(egress)} out`;
    const what = `limit of ${shaped.hostDevice ?? shaped.ifb}`;
    lines.set(what, printable(`${what}: ${rates}, pod ${podText(owner)}: ${limitState(row)}`));
  }
  for (const problem of problems) lines.set(problem, printable(problem));
  return lines;
}

const limitText = (limit: Limit | undefined) =>
  limit === undefined ? "none" : rateText(limit.rateBitsPerSecond);

/** What is another than before, a line each: `+` came, `-` went, `~` reads differently now. */
export function changedLines(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const lines: string[] = [];
  for (const [key, line] of before) if (!after.has(key)) lines.push(`- ${line}`);
  for (const [key, line] of after) {
    const old = before.get(key);
    if (old !== line) lines.push(`${old === undefined ? "+" : "~"} ${line}`);
  }
  return lines;
}

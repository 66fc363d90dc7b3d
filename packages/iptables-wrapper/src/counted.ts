import type { Runner } from "@cni-chain/exec";
import { IptablesError } from "./iptables-error.ts";
import { parseListing } from "./parse-listing.ts";
import { chainName } from "./render-restore.ts";
import { restoreCommand } from "./restore-command.ts";
import type { Family, ListedRule } from "./rule.ts";
import type { Table } from "./table.ts";
import type { Variant } from "./variant.ts";

/** A listed rule with what has met it. Table nat sees the first packet of each connection alone. */
export interface CountedRule extends ListedRule {
  readonly packets: number;
  readonly bytes: number;
}

/**
 * These chains of one table with their counters, in one process where all exist; each that is missing, and is left out of
 * the answer, costs another. 10 ms for 250 chains beside 10,000 rules, where a listing of the whole table takes 140.
 * Throws IptablesError.
 */
export async function countedChains(
  runner: Runner,
  where: { readonly family: Family; readonly variant: Variant; readonly table: Table },
  chains: readonly string[],
): Promise<ReadonlyMap<string, readonly CountedRule[]>> {
  const found = new Map<string, readonly CountedRule[]>();
  for (let rest = chains; rest.length > 0; ) {
    const lines = rest.map((chain) => `-S ${chainName(chain)} -v`);
    const stdin = [`*${where.table}`, ...lines, "COMMIT", ""].join("\n");
    const command = restoreCommand(where.family, where.variant, stdin);
    const result = await runner.run(command);
    const listed = result.kind === "exited" ? parseListing(result.stdout) : [];
    const isInOrder = listed.every(({ chain }, at) => chain === rest[at]);
    const isComplete = listed.length === rest.length;
    const error = new IptablesError(command, result);
    const isAnswer = result.kind === "exited" && (isComplete || result.exitCode === 1);
    if (!isAnswer || !isInOrder || error.failure === "tryAgain") throw error;
    for (const { chain, rules } of listed) found.set(chain, rules.map(counted));
    // The tool stops at the first chain that is missing.
    rest = rest.slice(listed.length + 1);
  }
  return found;
}

/** `-c PACKETS BYTES` stands before the target. What stands behind --comment is text, whatever it looks like. */
function counted({ tokens }: ListedRule): CountedRule {
  const at = tokens.findIndex((token, index) => token === "-c" && tokens[index - 1] !== "--comment");
  if (at < 0) return { tokens, packets: 0, bytes: 0 };
  return {
    tokens: [...tokens.slice(0, at), ...tokens.slice(at + 3)],
    packets: Number(tokens[at + 1]),
    bytes: Number(tokens[at + 2]),
  };
}

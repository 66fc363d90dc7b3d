import type { Command, CommandResult } from "@cni-chain/exec";
import { type Exited, IptablesError, isLocked } from "./iptables-error.ts";
import { type ListedChain, parseListing } from "./parse-listing.ts";
import { type ByTable, byTable, inTables, type Table } from "./table.ts";
import type { ChainState } from "./transaction.ts";

/** What is known of the chains that were asked for. */
export type Known = Map<Asked, ChainState>;

/** A command and what came of it. */
export interface Answer {
  readonly command: Command;
  readonly result: CommandResult;
}

/** A chain that is looked at. */
export interface Asked {
  readonly table: Table;
  readonly chain: string;
}

/** In the order in which they are listed. */
export function askedIn(chains: ByTable<readonly string[]>): Asked[] {
  const asked: Asked[] = [];
  for (const [table, names] of inTables(chains)) for (const chain of names) asked.push({ table, chain });
  return asked;
}

export function namesIn(asked: readonly Asked[]): ByTable<string[]> {
  return byTable(asked, (group) => group.map(({ chain }) => chain));
}

/** What a process has listed, and how it ended. */
interface Listed {
  readonly listed: readonly ListedChain[];
  readonly command: Command;
  readonly result: Exited;
}

/** Throws IptablesError where the process has come to no end. */
export function listedBy({ command, result }: Answer): Listed {
  if (result.kind !== "exited") throw new IptablesError(command, result);
  return { listed: parseListing(result.stdout), command, result };
}

/** Chains that every table has which may have them. */
export const builtIn = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/**
 * The chains that were listed, and the one that ended the listing as absent: exit code 1 is how both variants
 * answer a chain that is not there. A listing that is complete says nothing of what failed behind it. Throws
 * IptablesError on every other answer, and where the chain is there all the same: exit code 1 has other reasons, too.
 */
export function noteStates(
  { listed, command, result }: Listed,
  asked: readonly Asked[],
  known: Known,
  isThere: (one: Asked) => boolean = () => false,
): void {
  const isInOrder = listed.every(({ chain }, at) => chain === asked[at]?.chain);
  const missing = asked[listed.length];
  const isAnswer =
    missing === undefined || (result.exitCode === 1 && !builtIn.has(missing.chain) && !isThere(missing));
  // An error takes longer to make than all the rest here.
  if (!isInOrder || !isAnswer || isLocked(result)) throw new IptablesError(command, result);
  for (const [at, one] of asked.entries()) {
    const rules = listed[at]?.rules;
    if (rules !== undefined) known.set(one, { kind: "present", rules });
  }
  if (missing !== undefined) known.set(missing, { kind: "absent" });
}

/** True for a failure that may mean no more than a chain which is gone. */
export function mayBeMissing(error: unknown): boolean {
  return error instanceof IptablesError && error.result.kind === "exited" && error.result.exitCode === 1;
}

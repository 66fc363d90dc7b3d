import { type Command, CommandError, type CommandResult, type Runner } from "@cni-chain/exec";
import type { Change } from "./change.ts";
import { parseListing } from "./parse-listing.ts";
import { renderListing, renderRestore } from "./render-restore.ts";
import type { Family } from "./rule.ts";
import { type ByTable, byTable, inTables, type Table } from "./table.ts";
import { type ChainState, type Observed, unknown } from "./transaction.ts";
import { restoreTool, type Variant } from "./variant.ts";

/** Reads and writes the tables of the node. Every call is one process, or as few as the kernel's state allows. */
export interface Iptables {
  /**
   * The state of these chains, in one process where all of them exist. The tool stops at the first chain
   * that does not, and what is behind it costs another process. Without `exact`, where already the first one
   * asked for is missing, the node is taken as new and all others stay `unknown`; else the built-in chains,
   * which always exist, are looked up, and only the rest stays `unknown`. Throws IptablesError.
   */
  observe(family: Family, chains: ByTable<readonly string[]>, accuracy?: "exact"): Promise<ObservedTables>;
  /**
   * Lists these chains as they are and then carries the changes out, in one process: for whoever can guess
   * what is to be done. Where a chain is missing or a change is refused nothing is `applied` in that table or
   * any behind it, and what was seen is completed as by `observe`. Throws IptablesError.
   */
  observeAndApply(
    family: Family,
    chains: ByTable<readonly string[]>,
    changes: ByTable<readonly Change[]>,
  ): Promise<{ readonly applied: boolean; readonly observed: ObservedTables }>;
  /** Carries all changes of a table out, or none. No process where there are none. Throws IptablesError. */
  apply(family: Family, changes: ByTable<readonly Change[]>): Promise<void>;
}

/** What was seen of each table that was asked for. */
export type ObservedTables = ByTable<Observed>;

/** Seconds that iptables-legacy waits for the xtables lock; the nft variant has no lock. */
const lockWaitSeconds = 20;

/**
 * iptables on the runner's PATH, by its plain names unless `variant` says otherwise. Lists through
 * `iptables-restore --noflush`: it takes `-S CHAIN` lines too, in both variants, so that any number of
 * chains costs one process and no whole table.
 */
export function iptables(runner: Runner, variant: () => Promise<Variant> = async () => "plain"): Iptables {
  let chosen: Promise<Variant> | undefined;
  const restore = async (family: Family, stdin: string): Promise<Command> => {
    chosen ??= variant();
    const argv = ["--noflush", "--wait", String(lockWaitSeconds)];
    return { file: restoreTool(family, await chosen), argv, stdin };
  };
  const run = async (family: Family, stdin: string): Promise<Answer> => {
    const command = await restore(family, stdin);
    return { command, result: await runner.run(command) };
  };

  /** Goes on listing behind what is known already, for as long as `accuracy` wants it. */
  const lookOn = async (family: Family, asked: readonly Asked[], known: ChainState[], accuracy?: "exact") => {
    while (known.length < asked.length) {
      const needed = asked.slice(known.length).some(({ chain }) => builtIn.has(chain));
      const isNewNode = known[0]?.kind === "absent";
      if (accuracy !== "exact" && known.at(-1)?.kind === "absent" && (isNewNode || !needed)) break;
      const rest = asked.slice(known.length);
      known.push(...statesIn(await run(family, renderListing(namesIn(rest))), rest));
    }
    const looked = asked.map((one, at) => ({ ...one, state: known[at] ?? unknown }));
    return byTable(looked, (group) => new Map(group.map(({ chain, state }) => [chain, state])));
  };

  return {
    observe: (family, chains, accuracy) => lookOn(family, askedIn(chains), [], accuracy),
    async observeAndApply(family, chains, changes) {
      const asked = askedIn(chains);
      const answer = await run(family, renderListing(chains, changes));
      const { result } = answer;
      const applied = result.kind === "exited" && result.exitCode === 0;
      return { applied, observed: await lookOn(family, asked, statesIn(answer, asked)) };
    },
    async apply(family, changes) {
      if (inTables(changes).length === 0) return;
      const { command, result } = await run(family, renderRestore(changes));
      if (result.kind !== "exited" || result.exitCode !== 0) throw new IptablesError(command, result);
    },
  };
}

interface Answer {
  readonly command: Command;
  readonly result: CommandResult;
}

interface Asked {
  readonly table: Table;
  readonly chain: string;
}

function askedIn(chains: ByTable<readonly string[]>): Asked[] {
  return inTables(chains).flatMap(([table, names]) => names.map((chain) => ({ table, chain })));
}

function namesIn(asked: readonly Asked[]): ByTable<string[]> {
  return byTable(asked, (group) => group.map(({ chain }) => chain));
}

const builtIn = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/**
 * The chains that were listed, and the one that ended the listing as absent: exit code 1 is how both variants
 * answer a chain that is not there. A listing that is complete says nothing of what failed behind it.
 */
function statesIn({ command, result }: Answer, asked: readonly Asked[]): ChainState[] {
  if (result.kind !== "exited") throw new IptablesError(command, result);
  const listed = parseListing(result.stdout);
  const isInOrder = listed.every(({ chain }, at) => chain === asked[at]?.chain);
  const missing = asked[listed.length];
  const isAnswer = missing === undefined || (result.exitCode === 1 && !builtIn.has(missing.chain));
  const error = new IptablesError(command, result);
  if (!isInOrder || !isAnswer || error.failure === "tryAgain") throw error;
  const states = listed.map(({ rules }): ChainState => ({ kind: "present", rules }));
  return missing === undefined ? states : [...states, { kind: "absent" }];
}

/** A refused or unfinished call of iptables-restore. */
export class IptablesError extends CommandError {
  /**
   * Exit code 4 is iptables' RESOURCE_PROBLEM: a lock that was not to be had, but also EPERM and what the
   * kernel refuses at commit, so that the text alone tells the one that is worth another try.
   */
  override get failure() {
    const busy =
      this.result.kind === "exited" &&
      this.result.exitCode === 4 &&
      this.result.stderr.includes("xtables lock");
    return busy ? "tryAgain" : super.failure;
  }
}

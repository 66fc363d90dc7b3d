import { type Command, CommandError, type CommandResult, type Runner } from "@cni-chain/exec";
import type { Change } from "./change.ts";
import { parseListing } from "./parse-listing.ts";
import { renderListing, renderRestore } from "./render-restore.ts";
import type { Family } from "./rule.ts";
import { type ByTable, byTable, inTables } from "./table.ts";
import { type ChainState, type Observed, unknown } from "./transaction.ts";
import { restoreTool, type Variant } from "./variant.ts";

/** Reads and writes the tables of the node. Every call is one process, or as few as the kernel's state allows. */
export interface Iptables {
  /**
   * The state of these chains, in one process where all of them exist. The tool stops at the first chain
   * that does not, and what is behind it costs another process: the built-in chains, which always exist,
   * are looked up all the same, the others only where `exact` is asked for and else are `unknown`.
   * Throws IptablesError.
   */
  observe(family: Family, chains: ByTable<readonly string[]>, accuracy?: "exact"): Promise<ObservedTables>;
  /** Carries all changes of a table out, or none. No process where there are none. Throws IptablesError. */
  apply(family: Family, changes: ByTable<readonly Change[]>): Promise<void>;
}

/** What was seen of each table that was asked for. */
export type ObservedTables = ByTable<Observed>;

/** Seconds that iptables-legacy waits for the xtables lock; the nft variant has no lock. */
const lockWaitSeconds = 20;

/**
 * iptables on the runner's PATH, by its plain names unless `variant` says otherwise. Lists through `iptables-restore --noflush`: it takes
 * `-S CHAIN` lines too, in both variants, so that any number of chains costs one process and no whole table.
 */
export function iptables(runner: Runner, variant: () => Promise<Variant> = async () => "plain"): Iptables {
  let chosen: Promise<Variant> | undefined;
  const restore = async (family: Family, stdin: string): Promise<Command> => {
    chosen ??= variant();
    const argv = ["--noflush", "--wait", String(lockWaitSeconds)];
    return { file: restoreTool(family, await chosen), argv, stdin };
  };
  return {
    async observe(family, chains, accuracy) {
      const asked = inTables(chains).flatMap(([table, names]) => names.map((chain) => ({ table, chain })));
      const states: ChainState[] = [];
      while (states.length < asked.length) {
        const rest = asked.slice(states.length);
        const command = await restore(
          family,
          renderListing(byTable(rest, (group) => group.map(({ chain }) => chain))),
        );
        const result = await runner.run(command);
        for (const [at, { chain, rules }] of listedChains(command, result).entries()) {
          if (chain !== rest[at]?.chain) throw new IptablesError(command, result);
          states.push({ kind: "present", rules });
        }
        const missing = asked[states.length];
        if (missing === undefined) break;
        if (builtIn.has(missing.chain)) throw new IptablesError(command, result);
        states.push({ kind: "absent" });
        if (accuracy !== "exact" && !asked.slice(states.length).some(({ chain }) => builtIn.has(chain)))
          break;
      }
      const looked = asked.map((one, at) => ({ ...one, state: states[at] ?? unknown }));
      return byTable(looked, (group) => new Map(group.map(({ chain, state }) => [chain, state])));
    },
    async apply(family, changes) {
      if (inTables(changes).length === 0) return;
      const command = await restore(family, renderRestore(changes));
      const result = await runner.run(command);
      if (result.kind !== "exited" || result.exitCode !== 0) throw new IptablesError(command, result);
    },
  };
}

const builtIn = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/** Exit code 1 is how both variants answer a chain that is not there; every other failure is one. */
function listedChains(command: Command, result: CommandResult) {
  if (result.kind === "exited" && result.exitCode <= 1) return parseListing(result.stdout);
  throw new IptablesError(command, result);
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

import { type Command, CommandError, type CommandResult, type Runner } from "@cni-chain/exec";
import type { Change } from "./change.ts";
import { parseListing } from "./parse-listing.ts";
import { renderListing, renderRestore, type Table } from "./render-restore.ts";
import type { Family } from "./rule.ts";
import type { ChainState, Observed } from "./transaction.ts";

/** Reads and writes the tables of the node. Every call is one process, or as few as the kernel's state allows. */
export interface Iptables {
  /**
   * The state of these chains of a table, in one process where all of them exist. The tool stops at the
   * first chain that does not; those behind it are `unknown`, or looked up one process more for each
   * missing chain where `exact` is asked for. Built-in chains always exist. Throws CommandError.
   */
  observe(family: Family, table: Table, chains: readonly string[], accuracy?: "exact"): Promise<Observed>;
  /** Carries all changes out, or none. No process where there are none. Throws IptablesError. */
  apply(family: Family, table: Table, changes: readonly Change[]): Promise<void>;
}

/** Seconds that iptables-legacy waits for the xtables lock; the nft variant has no lock. */
const lockWaitSeconds = 20;

/**
 * iptables by its plain names on the runner's PATH. Lists through `iptables-restore --noflush`: it takes
 * `-S CHAIN` lines too, in both variants, so that any number of chains costs one process and no whole table.
 */
export function iptables(runner: Runner): Iptables {
  return {
    async observe(family, table, chains, accuracy) {
      const observed = new Map<string, ChainState>(chains.map((chain) => [chain, { kind: "unknown" }]));
      let rest = [...chains];
      while (rest.length > 0) {
        const command = restore(family, renderListing(table, rest));
        const result = await runner.run(command);
        const listed = new Map(listedChains(command, result));
        for (const [chain, rules] of listed) observed.set(chain, { kind: "present", rules });
        const missing = rest.find((chain) => !listed.has(chain));
        if (missing === undefined) break;
        if (builtIn.has(missing)) throw new IptablesError(command, result);
        observed.set(missing, { kind: "absent" });
        rest = rest.slice(rest.indexOf(missing) + 1);
        if (accuracy !== "exact") break;
      }
      return observed;
    },
    async apply(family, table, changes) {
      if (changes.length === 0) return;
      const command = restore(family, renderRestore(table, changes));
      const result = await runner.run(command);
      if (result.kind !== "exited" || result.exitCode !== 0) throw new IptablesError(command, result);
    },
  };
}

const builtIn = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

function restore(family: Family, stdin: string): Command {
  const file = family === "v4" ? "iptables-restore" : "ip6tables-restore";
  return { file, argv: ["--noflush", "--wait", String(lockWaitSeconds)], stdin };
}

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

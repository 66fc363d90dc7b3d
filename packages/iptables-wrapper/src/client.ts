import type { Runner } from "@cni-chain/exec";
import type { Change } from "./change.ts";
import { type Exited, IptablesError } from "./iptables-error.ts";
import {
  type Answer,
  type Asked,
  askedIn,
  type Known,
  listedBy,
  mayBeMissing,
  namesIn,
  noteStates,
} from "./known.ts";
import { lookBy, type ObservedTables } from "./look.ts";
import { renderListing, renderRestore } from "./render-restore.ts";
import { restoreCall, restoreCommand } from "./restore-command.ts";
import type { Family } from "./rule.ts";
import { type ByTable, inTables } from "./table.ts";
import type { Presence, Variant } from "./variant.ts";

/** Reads and writes the tables of the node. Every call is one process, or as few as the kernel's state allows. */
export interface Iptables {
  /**
   * The state of these chains, in one process where all of them exist. The tool stops at the first chain
   * that does not, and what is behind it costs another process, or the listing of the whole table where it is
   * much. Without `exact`, where already the first one
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
    more?: { readonly accuracy?: "exact"; readonly andThen?: ByTable<readonly string[]> },
  ): Promise<Tried>;
  /** Carries all changes of a table out, or none. No process where there are none. Throws IptablesError. */
  apply(family: Family, changes: ByTable<readonly Change[]>): Promise<void>;
  /**
   * The same, and the exact state of these chains behind it, mostly in the same process: both variants read a table
   * anew after a COMMIT. Absent where the two have to be done one after the other.
   */
  applyAndObserve?(
    family: Family,
    changes: ByTable<readonly Change[]>,
    chains: ByTable<readonly string[]>,
  ): Promise<ObservedTables>;
  /** Starts the process of the next call ahead: for whoever is sure that there will be one. Absent where nothing is gained. */
  startAhead?(family: Family): Promise<void>;
  /** True where it is told without a process that a chain of table nat is missing: asking for one more costs nothing. */
  tellsMissing?(family: Family): Promise<boolean>;
}

/** What became of changes that were tried. */
interface Tried {
  readonly applied: boolean;
  /** Before the changes. */
  readonly observed: ObservedTables;
  /** Behind them, the exact state of the chains that `andThen` names; where it was asked for and they are made. */
  readonly after?: ObservedTables;
}

/**
 * iptables on the runner's PATH, by its plain names unless `variant` says otherwise. Lists through
 * `iptables-restore --noflush`: it takes `-S CHAIN` lines too, in both variants, so that any number of
 * chains costs one process and no whole table. What `presence` knows to be missing is not even asked for.
 */
export function iptables(
  runner: Runner,
  variant: () => Promise<Variant> = async () => "plain",
  presence: (variant: Variant) => Presence = () => () => undefined,
): Iptables {
  let chosen: Promise<{ readonly variant: Variant; readonly presence: Presence }> | undefined;
  const choose = async () => {
    const name = await variant();
    return { variant: name, presence: presence(name) };
  };
  const choice = () => {
    chosen ??= choose();
    return chosen;
  };
  const run = async (family: Family, stdin: string): Promise<Answer> => {
    const command = restoreCommand(family, (await choice()).variant, stdin);
    return { command, result: await runner.run(command) };
  };

  const { noteMissing, lookOn } = lookBy(run, async () => (await choice()).presence);
  const startAhead = runner.startAhead?.bind(runner);
  return {
    ...(startAhead === undefined
      ? {}
      : { startAhead: async (family) => startAhead(restoreCall(family, (await choice()).variant)) }),
    observe: (family, chains, accuracy) => lookOn(family, askedIn(chains), new Map(), accuracy),
    async observeAndApply(family, chains, changes, { accuracy, andThen = {} } = {}) {
      const asked = askedIn(chains);
      const askedAfter = askedIn(andThen);
      const known: Known = new Map();
      const told =
        accuracy === "exact" ? await noteMissing(family, [...asked, ...askedAfter], known) : undefined;
      const isVain = asked.some((one) => known.has(one) && isChanged(one, changes));
      if (isVain) return { applied: false, observed: await lookOn(family, asked, known, accuracy) };
      const isUnknown = (one: Asked) => !known.has(one);
      const [rest, restAfter] = [asked.filter(isUnknown), askedAfter.filter(isUnknown)];
      const listing = renderListing(namesIn(rest), changes) + renderListing(namesIn(restAfter));
      const answer = listedBy(await run(family, listing));
      // What is listed behind the changes stands behind their commit.
      const applied = answer.result.exitCode === 0 || answer.listed.length > rest.length;
      try {
        noteStates(answer, applied ? [...rest, ...restAfter] : rest, known, told?.isStill);
      } catch (error) {
        // Nothing was done where the look before it has failed.
        if (applied || !mayBeMissing(error)) throw error;
      }
      const observed = await lookOn(family, asked, known, accuracy);
      if (!applied || askedAfter.length === 0) return { applied, observed };
      return { applied, observed, after: await lookOn(family, askedAfter, known, "exact") };
    },
    // Any name will do: what is told of one is told of all.
    tellsMissing: async (family) => (await choice()).presence(family, "nat", "OUTPUT") !== undefined,
    async apply(family, changes) {
      if (inTables(changes).length === 0) return;
      const { command, result } = await run(family, renderRestore(changes));
      if (result.kind !== "exited" || result.exitCode !== 0) throw new IptablesError(command, result);
      if (result.stdout !== "") throw new IptablesError(command, unexpected(result));
    },
    async applyAndObserve(family, changes, chains) {
      const asked = askedIn(chains);
      const known: Known = new Map();
      await noteMissing(family, asked, known);
      const rest = asked.filter((one) => !known.has(one));
      const answer = await run(family, renderRestore(changes) + renderListing(namesIn(rest)));
      const { command, result } = answer;
      if (result.kind !== "exited") throw new IptablesError(command, result);
      // What is listed stands behind the commit. Nothing listed: it was refused, or the first chain is gone.
      if (result.exitCode !== 0 && result.stdout === "") throw new IptablesError(command, result);
      noteStates(listedBy(answer), rest, known);
      return lookOn(family, asked, known, "exact");
    },
  };
}

/** Nothing was asked that would be printed: whatever this was, it has not done the work. */
function unexpected(result: Exited): Exited {
  const [line = ""] = result.stdout.split("\n");
  return { ...result, stderr: `${result.stderr}unexpected output: ${JSON.stringify(line)}` };
}

function isChanged({ table, chain }: Asked, changes: ByTable<readonly Change[]>): boolean {
  return (changes[table] ?? []).some((change) => change.chain === chain);
}

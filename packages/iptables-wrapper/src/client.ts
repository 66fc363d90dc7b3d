import { type Command, CommandError, type CommandResult, type Runner, type Tool } from "@cni-chain/exec";
import type { Change } from "./change.ts";
import { type ListedChain, parseListing, parseTableListing } from "./parse-listing.ts";
import { renderListing, renderRestore, renderTableListing } from "./render-restore.ts";
import type { Family } from "./rule.ts";
import { type ByTable, byTable, inTables, type Table } from "./table.ts";
import { type ChainState, type Observed, unknown } from "./transaction.ts";
import { type Presence, restoreTool, type Variant } from "./variant.ts";

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

/** What was seen of each table that was asked for. */
export type ObservedTables = ByTable<Observed>;

/** Seconds that iptables-legacy waits for the xtables lock; the nft variant has no lock. */
const lockWaitSeconds = 20;

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

  /** Notes what is known to be missing, without a process. Gives a test for what is known to be there. */
  const noteMissing = async (family: Family, asked: readonly Asked[], known: Known) => {
    const tells = (await choice()).presence;
    const isTold = ({ table, chain }: Asked, there: boolean) =>
      !builtIn.has(chain) && tells(family, table, chain) === there;
    for (const one of asked) if (!known.has(one) && isTold(one, false)) known.set(one, { kind: "absent" });
    return (one: Asked) => isTold(one, true);
  };

  /** Lists whole tables for the sake of these chains. */
  const lookAtTables = async (family: Family, asked: readonly Asked[], known: Known) => {
    for (const table of new Set(asked.map((one) => one.table))) {
      const { command, result } = await run(family, renderTableListing(table));
      if (result.kind !== "exited" || result.exitCode !== 0) throw new IptablesError(command, result);
      const own = asked.filter((one) => one.table === table);
      const listed = parseTableListing(result.stdout, new Set(own.map(({ chain }) => chain)));
      for (const one of own) {
        const rules = listed.get(one.chain);
        known.set(one, rules === undefined ? { kind: "absent" } : { kind: "present", rules });
      }
    }
  };

  /** Goes on listing behind what is known already, for as long as `accuracy` wants it. */
  const lookOn = async (family: Family, asked: readonly Asked[], known: Known, accuracy?: "exact") => {
    const isThere = await noteMissing(family, asked, known);
    const [first] = asked;
    let hasStopped = false;
    const isNewNode = () => first !== undefined && known.get(first)?.kind === "absent";
    for (;;) {
      const rest = asked.filter((one) => !known.has(one));
      if (rest.length === 0) break;
      // Where anything is known at this point, the last look has ended at a chain that is missing.
      const isEnough = isNewNode() || !rest.some(({ chain }) => builtIn.has(chain));
      if (accuracy !== "exact" && known.size > 0 && isEnough && !rest.some(isThere)) break;
      if (hasStopped && rest.length >= manyChains) await lookAtTables(family, rest, known);
      else noteStates(listedBy(await run(family, renderListing(namesIn(rest)))), rest, known);
      hasStopped = true;
    }
    const looked = asked.map((one) => ({ ...one, state: known.get(one) ?? unknown }));
    return byTable(looked, (group) => new Map(group.map(({ chain, state }) => [chain, state])));
  };

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
      if (accuracy === "exact") await noteMissing(family, [...asked, ...askedAfter], known);
      const isVain = asked.some((one) => known.has(one) && isChanged(one, changes));
      if (isVain) return { applied: false, observed: await lookOn(family, asked, known, accuracy) };
      const isUnknown = (one: Asked) => !known.has(one);
      const [rest, restAfter] = [asked.filter(isUnknown), askedAfter.filter(isUnknown)];
      const listing = renderListing(namesIn(rest), changes) + renderListing(namesIn(restAfter));
      const answer = listedBy(await run(family, listing));
      // What is listed behind the changes stands behind their commit.
      const applied = answer.result.exitCode === 0 || answer.listed.length > rest.length;
      noteStates(answer, applied ? [...rest, ...restAfter] : rest, known);
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

/**
 * So many chains that are still to be looked at behind a missing one, each of which may be missing and cost a process of
 * its own: a listing of the whole table, 140 ms beside 10,000 rules, takes less than these.
 */
const manyChains = 16;

/** Nothing was asked that would be printed: whatever this was, it has not done the work. */
function unexpected(result: Exited): CommandResult {
  const [line = ""] = result.stdout.split("\n");
  return { ...result, stderr: `${result.stderr}unexpected output: ${JSON.stringify(line)}` };
}

/** The command that takes this text, as the client gives it. */
export function restoreCommand(family: Family, variant: Variant, stdin: string): Command {
  return { ...restoreCall(family, variant), stdin };
}

function restoreCall(family: Family, variant: Variant): Tool {
  return { file: restoreTool(family, variant), argv: ["--noflush", "--wait", String(lockWaitSeconds)] };
}

/** What is known of the chains that were asked for. */
type Known = Map<Asked, ChainState>;

interface Answer {
  readonly command: Command;
  readonly result: CommandResult;
}

interface Asked {
  readonly table: Table;
  readonly chain: string;
}

function askedIn(chains: ByTable<readonly string[]>): Asked[] {
  const asked: Asked[] = [];
  for (const [table, names] of inTables(chains)) for (const chain of names) asked.push({ table, chain });
  return asked;
}

function namesIn(asked: readonly Asked[]): ByTable<string[]> {
  return byTable(asked, (group) => group.map(({ chain }) => chain));
}

type Exited = Extract<CommandResult, { kind: "exited" }>;

/** What a process has listed, and how it ended. */
interface Listed {
  readonly listed: readonly ListedChain[];
  readonly command: Command;
  readonly result: Exited;
}

function listedBy({ command, result }: Answer): Listed {
  if (result.kind !== "exited") throw new IptablesError(command, result);
  return { listed: parseListing(result.stdout), command, result };
}

function isChanged({ table, chain }: Asked, changes: ByTable<readonly Change[]>): boolean {
  return (changes[table] ?? []).some((change) => change.chain === chain);
}

const builtIn = new Set(["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"]);

/**
 * The chains that were listed, and the one that ended the listing as absent: exit code 1 is how both variants
 * answer a chain that is not there. A listing that is complete says nothing of what failed behind it.
 */
function noteStates({ listed, command, result }: Listed, asked: readonly Asked[], known: Known): void {
  const isInOrder = listed.every(({ chain }, at) => chain === asked[at]?.chain);
  const missing = asked[listed.length];
  const isAnswer = missing === undefined || (result.exitCode === 1 && !builtIn.has(missing.chain));
  // An error takes longer to make than all the rest here.
  if (!isInOrder || !isAnswer || isLocked(result)) throw new IptablesError(command, result);
  for (const [at, one] of asked.entries()) {
    const rules = listed[at]?.rules;
    if (rules !== undefined) known.set(one, { kind: "present", rules });
  }
  if (missing !== undefined) known.set(missing, { kind: "absent" });
}

/** A refused or unfinished call of iptables-restore. */
export class IptablesError extends CommandError {
  override get failure() {
    return this.result.kind === "exited" && isLocked(this.result) ? "tryAgain" : super.failure;
  }
}

/**
 * Exit code 4 is iptables' RESOURCE_PROBLEM: a lock that was not to be had, but also EPERM and what the
 * kernel refuses at commit, so that the text alone tells the one that is worth another try.
 */
function isLocked({ exitCode, stderr }: Exited): boolean {
  return exitCode === 4 && stderr.includes("xtables lock");
}

import { IptablesError } from "./iptables-error.ts";
import {
  type Answer,
  type Asked,
  builtIn,
  type Known,
  listedBy,
  mayBeMissing,
  namesIn,
  noteStates,
} from "./known.ts";
import { parseTableListing } from "./parse-listing.ts";
import { renderListing, renderTableListing } from "./render-restore.ts";
import type { Family } from "./rule.ts";
import { type ByTable, byTable } from "./table.ts";
import { type Observed, unknown } from "./transaction.ts";
import type { Presence } from "./variant.ts";

/**
 * So many chains that are still to be looked at behind a missing one, each of which may be missing and cost a process of
 * its own: a listing of the whole table, 140 ms beside 10,000 rules, takes less than these.
 */
const manyChains = 16;

/** What was seen of each table that was asked for. */
export type ObservedTables = ByTable<Observed>;

/** Looks that find a chain gone, and it is there before and behind them: a tool that fails always does so as well. */
const maxLooks = 5;

/** Finds out the state of chains, in as few processes as the kernel's state allows. */
export interface Look {
  /** Notes what is known to be missing, without a process. Gives what is known to be there, in that way. */
  noteMissing(family: Family, asked: readonly Asked[], known: Known): Promise<Told>;
  /** Goes on listing behind what is known already, for as long as `accuracy` wants it. Throws IptablesError. */
  lookOn(family: Family, asked: readonly Asked[], known: Known, accuracy?: "exact"): Promise<ObservedTables>;
}

/** Chains that were told to be there before the tool was asked. */
interface Told {
  has(one: Asked): boolean;
  /** Whether they are so still: then a tool that does not find one has failed. */
  isStill(one: Asked): boolean;
}

/** @param run hands a text to the tool of a family */
export function lookBy(
  run: (family: Family, stdin: string) => Promise<Answer>,
  presence: () => Promise<Presence>,
): Look {
  const noteMissing = async (family: Family, asked: readonly Asked[], known: Known) => {
    const tells = await presence();
    const told = ({ table, chain }: Asked) => (builtIn.has(chain) ? undefined : tells(family, table, chain));
    const there = new Set<Asked>();
    for (const one of asked) {
      const isThere = known.has(one) ? undefined : told(one);
      if (isThere === true) there.add(one);
      else if (isThere === false) known.set(one, { kind: "absent" });
    }
    return {
      has: (one: Asked) => there.has(one),
      isStill: (one: Asked) => there.has(one) && told(one) === true,
    };
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

  /** Lists chains, and again where the tool finds none of a name that is there: somebody may have made it anew meanwhile. */
  const listStates = async (family: Family, rest: readonly Asked[], known: Known, told: Told) => {
    for (let look = 1; ; look += 1) {
      const answer = listedBy(await run(family, renderListing(namesIn(rest))));
      try {
        return noteStates(answer, rest, known, told.isStill);
      } catch (error) {
        if (look === maxLooks || !mayBeMissing(error)) throw error;
      }
    }
  };

  const lookOn = async (family: Family, asked: readonly Asked[], known: Known, accuracy?: "exact") => {
    const told = await noteMissing(family, asked, known);
    const [first] = asked;
    let hasStopped = false;
    const isNewNode = () => first !== undefined && known.get(first)?.kind === "absent";
    for (;;) {
      const rest = asked.filter((one) => !known.has(one));
      if (rest.length === 0) break;
      // Where anything is known at this point, the last look has ended at a chain that is missing.
      const isEnough = isNewNode() || !rest.some(({ chain }) => builtIn.has(chain));
      if (accuracy !== "exact" && known.size > 0 && isEnough && !rest.some(told.has)) break;
      if (hasStopped && rest.length >= manyChains) await lookAtTables(family, rest, known);
      else await listStates(family, rest, known, told);
      hasStopped = true;
    }
    const looked = asked.map((one) => ({ ...one, state: known.get(one) ?? unknown }));
    return byTable(looked, (group) => new Map(group.map(({ chain, state }) => [chain, state])));
  };

  return { noteMissing, lookOn };
}

import type { Deed } from "./act.ts";
import type { Alarm, Scope } from "./alarm.ts";
import { Restraint } from "./restraint.ts";
import type { Situation } from "./situation.ts";
import { type Item, type Patience, ripe, type Sightings, workIn } from "./work.ts";

/** What a watch does its work with. */
export interface Watched {
  readonly alarm: Alarm;
  look(scope: Scope): Promise<Situation>;
  act(situation: Situation, items: readonly Item[]): Promise<readonly Deed[]>;
  /** Told of every repair. */
  report(deeds: readonly Deed[], situation: Situation): void;
  /** Told of what went wrong as a whole; the watch goes on. */
  complain(text: string): void;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** Ends early with the signal. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

const tickMs = 150;
const all: Scope = { rules: true, limits: true };
/** After a look that failed, so that a broken node is not asked ten times a second. */
const failedMs = 2000;

/** Repairs what is lost until the signal comes. Survives every failure of a look or a repair. */
export async function watch(watched: Watched, patience: Patience, signal: AbortSignal): Promise<void> {
  const { alarm, look, act, report, complain, now, pause } = watched;
  let seen: Sightings = new Map();
  let complaint = "";
  const restraint = new Restraint();
  while (!signal.aborted) {
    let waitMs = tickMs;
    try {
      const rang = alarm.rang();
      // What was seen is looked at again as a whole: whether it is a DEL's work shows in rules and limits together.
      const scope = seen.size > 0 ? all : rang;
      if (scope.rules || scope.limits) {
        const situation = await look(scope);
        const found = ripe(workIn(situation), seen, now(), patience);
        seen = found.seen;
        const due = found.ripe.filter(({ key }) => restraint.mayRepair(key, now()));
        if (due.length > 0) {
          const deeds = await act(situation, due);
          for (const { key } of due) restraint.repaired(key, now());
          report(deeds, situation);
          // What could not be done is tried again with the next alarm, and no sooner.
          seen = withoutDone(seen, due);
          if (deeds.some(({ failure }) => failure !== undefined)) waitMs = failedMs;
        }
      }
      complaint = "";
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (text !== complaint) complain(text);
      complaint = text;
      waitMs = failedMs;
    }
    await pause(waitMs, signal);
  }
}

function withoutDone(seen: Sightings, done: readonly Item[]): Sightings {
  const keys = new Set(done.map(({ key, sureness }) => `${sureness} ${key}`));
  return new Map([...seen].filter(([key]) => !keys.has(key)));
}

import type { OrphanIfb } from "./ifbs.ts";
import type { LimitLook } from "./limits.ts";
import type { RuleLook } from "./rules.ts";
import type { OrphanRules, Situation } from "./situation.ts";
import type { Subject } from "./subjects.ts";

/**
 * How sure one has to be of a piece of work, by how long it has to have stood there to be done:
 * - `lost`: part of an attachment is missing, or of what all share: somebody's flush.
 * - `gone`: nothing of an attachment is left while all that is shared stands, just as a DEL leaves it that is under way
 *   and has not come to the cache yet.
 * - `orphan`: an ADD or DEL under way may look like that for a moment.
 */
export type Sureness = "lost" | "gone" | "orphan";

/** One thing that is to be done. */
interface Work {
  /** Names it from one look to the next. */
  readonly key: string;
  readonly sureness: Sureness;
}

/** What there is to do for one attachment, for what all share, or about an orphan. */
export type Item = Work &
  (
    | { readonly kind: "attachment"; readonly subject: Subject }
    | { readonly kind: "shared"; readonly look: RuleLook }
    | { readonly kind: "orphanRules"; readonly orphan: OrphanRules }
    | { readonly kind: "orphanIfb"; readonly orphan: OrphanIfb }
  );

/** Everything that is not as it should be. */
export function workIn(situation: Situation): readonly Item[] {
  const { living, rules, limits, orphanRules, orphanIfbs } = situation;
  return [
    ...rules
      .filter(({ wanted, look }) => wanted.length > 0 && !look.sharedIsWhole)
      .map((look): Item => ({ kind: "shared", sureness: "lost", key: `shared ${placeOf(look)}`, look })),
    ...living.flatMap((subject): Item[] => {
      const own = { rules: rulesOf(subject, rules), limits: limitsOf(subject, limits) };
      if (!isLacking(own)) return [];
      return [{ kind: "attachment", sureness: surenessOf(own), key: subject.attachment.file, subject }];
    }),
    ...orphanRules.map((orphan): Item => {
      const key = `rules ${placeOf(orphan.look)} ${orphan.standing.key}`;
      return { kind: "orphanRules", sureness: "orphan", key, orphan };
    }),
    ...orphanIfbs.map((orphan): Item => ({ kind: "orphanIfb", sureness: "orphan", key: orphan.ifb, orphan })),
  ];
}

interface Own {
  readonly rules: readonly { readonly presence: string; readonly sharedIsWhole: boolean }[];
  readonly limits: readonly LimitLook[];
}

function isLacking({ rules, limits }: Own): boolean {
  return (
    rules.some(({ presence }) => presence !== "whole") ||
    limits.some(({ loss }) => loss.differences.length > 0)
  );
}

function surenessOf({ rules, limits }: Own): Sureness {
  const isNothingLeft =
    rules.every(({ presence, sharedIsWhole }) => presence === "absent" && sharedIsWhole) &&
    limits.every(({ loss }) => loss.isTotal);
  return isNothingLeft ? "gone" : "lost";
}

export function rulesOf(subject: Subject, looks: readonly RuleLook[]) {
  return looks.flatMap((look) =>
    look.wanted.flatMap((wanted, at) => {
      if (wanted.subject !== subject) return [];
      const { sharedIsWhole, presence } = look.look;
      return [{ look, presence: presence[at] ?? "absent", sharedIsWhole }];
    }),
  );
}

export function limitsOf(subject: Subject, limits: readonly LimitLook[]): readonly LimitLook[] {
  return limits.filter((look) => look.subject === subject);
}

export function placeOf({ backend, family }: Pick<RuleLook, "backend" | "family">): string {
  return `${backend} IP${family}`;
}

/** Milliseconds that a piece of work has to have been seen. */
export type Patience = Readonly<Record<Sureness, number>>;

/** What has been seen since when (milliseconds of a clock that only goes forward), by key and sureness. */
export type Sightings = ReadonlyMap<string, number>;

/** Which of it is to be done now, and what was seen since when; done is what has stood long enough. */
export function ripe(
  items: readonly Item[],
  seen: Sightings,
  now: number,
  patience: Patience,
): { readonly ripe: readonly Item[]; readonly seen: Sightings } {
  const sightings = new Map(items.map((item) => [idOf(item), seen.get(idOf(item)) ?? now]));
  return {
    seen: sightings,
    ripe: items.filter((item) => now - (sightings.get(idOf(item)) ?? now) >= patience[item.sureness]),
  };
}

function idOf({ key, sureness }: Work): string {
  return `${sureness} ${key}`;
}

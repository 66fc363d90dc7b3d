import type { Style } from "../output/style.ts";
import { printable } from "../output/table.ts";
import type { PlannedChange } from "../plan/change.ts";
import { diffLines } from "../plan/text.ts";
import type { Deed } from "./act.ts";
import { nameOf, type Situation } from "./situation.ts";
import { type Item, limitsOf, placeOf, rulesOf } from "./work.ts";

/** A deed for a program to read. */
export interface DeedDocument {
  readonly action: "restore" | "remove";
  readonly what: "attachment" | "shared" | "rules" | "ifb";
  readonly network?: string;
  readonly containerId?: string;
  readonly ifname?: string;
  /** Where rules were missing or lay: `iptables IPv4`. */
  readonly rules?: readonly string[];
  /** What was missing of the limits, or the proof that an orphan is one. */
  readonly details: readonly string[];
  readonly failure?: string;
}

export function deedDocument({ item, failure }: Deed, situation: Situation): DeedDocument {
  return { ...itemDocument(item, situation), ...(failure === undefined ? {} : { failure }) };
}

function itemDocument(item: Item, { rules, limits }: Situation): DeedDocument {
  switch (item.kind) {
    case "attachment": {
      const { network, containerId, ifname } = item.subject.attachment;
      const lacking = rulesOf(item.subject, rules).filter(({ presence }) => presence !== "whole");
      return {
        action: "restore",
        what: "attachment",
        network,
        containerId,
        ifname,
        rules: lacking.map(({ look }) => placeOf(look)),
        details: limitsOf(item.subject, limits).flatMap(({ loss }) => loss.differences),
      };
    }
    case "shared":
      return { action: "restore", what: "shared", rules: [placeOf(item.look)], details: [] };
    case "orphanRules": {
      const { standing, look, proof } = item.orphan;
      const { containerId } = standing;
      return {
        action: "remove",
        what: "rules",
        ...(containerId === undefined ? {} : { containerId }),
        rules: [placeOf(look)],
        details: [proof],
      };
    }
    case "orphanIfb":
      return { action: "remove", what: "ifb", ifname: item.orphan.ifb, details: [item.orphan.proof] };
  }
}

/** A deed on one line. `done`: it was done; else it would be. */
export function deedLine(deed: Deed, situation: Situation, style: Style, done: boolean): string {
  const { failure } = deed;
  if (failure !== undefined) {
    return printable(`${wordsOf(deed.item, situation, "not restored", "not removed")}: ${failure}`);
  }
  const words = done
    ? wordsOf(deed.item, situation, "restored", "removed")
    : wordsOf(deed.item, situation, "would restore", "would remove");
  return (deed.item.kind.startsWith("orphan") ? style.yellow : style.green)(printable(words));
}

function wordsOf(item: Item, { rules, limits }: Situation, restore: string, remove: string): string {
  switch (item.kind) {
    case "attachment": {
      const places = rulesOf(item.subject, rules)
        .filter(({ presence }) => presence !== "whole")
        .map(({ look }) => placeOf(look));
      const lost = limitsOf(item.subject, limits).flatMap(({ loss }) => loss.differences);
      const what = [
        ...(places.length === 0 ? [] : [`host ports (${places.join(", ")})`]),
        ...(lost.length === 0 ? [] : [`limits (${lost.join("; ")})`]),
      ];
      return `${restore} ${nameOf(item.subject)}: ${what.join(", ")}`;
    }
    case "shared":
      return `${restore} what all containers share: ${placeOf(item.look)}`;
    case "orphanRules": {
      const { standing, look, proof } = item.orphan;
      const ports = standing.forwards.map(({ hostPort, protocol }) => `${hostPort}/${protocol}`).join(", ");
      return `${remove} rules of container ${standing.containerId ?? standing.key} (${placeOf(look)}, ${ports}): ${proof}`;
    }
    case "orphanIfb":
      return `${remove} ifb ${item.orphan.ifb}: ${item.orphan.proof}`;
  }
}

/** What a dry run has found, as text. */
export function dryRunText(
  deeds: readonly Deed[],
  situation: Situation,
  changes: readonly PlannedChange[],
  style: Style,
): string[] {
  return [
    ...deeds.map((deed) => deedLine(deed, situation, style, false)),
    ...(changes.length === 0 ? [] : ["", ...diffLines(changes, style)]),
  ];
}

import type { Style } from "../output/style.ts";
import { printable } from "../output/table.ts";
import type { Action, PlannedChange } from "./change.ts";
import type { ChainCall, ChainPlan } from "./plan-chain.ts";

const signs: Readonly<Record<Action, string>> = { add: "+", remove: "-", change: "~", move: "~" };

/** The changes as a diff: under a head for each place, what comes, goes and becomes another. */
export function diffLines(changes: readonly PlannedChange[], style: Style): string[] {
  const places = [...new Set(changes.map(({ where }) => where))];
  return places.flatMap((where) => [
    style.bold(headOf(where)),
    ...changes.filter((change) => change.where === where).map((change) => diffLine(change, style)),
  ]);
}

function headOf(where: string): string {
  const [tool = "", ...rest] = where.split(" ");
  if (/^ip6?tables/.test(tool)) return `${tool}, table ${rest.join(" ")}`;
  const heads: Readonly<Record<string, string>> = {
    nft: `nftables, table ${rest.join(" ")}`,
    tc: "qdiscs and filters",
    sysctl: "sysctls",
    conntrack: "connections that are ended",
  };
  return heads[tool] ?? printable(where);
}

function diffLine(change: PlannedChange, style: Style): string {
  const paint = { add: style.green, remove: style.red, change: style.yellow, move: style.yellow }[
    change.action
  ];
  return paint(`  ${signs[change.action]} ${printable(wordsOf(change))}`);
}

function wordsOf({ action, kind, where, within = "", what, position, before }: PlannedChange): string {
  switch (kind) {
    case "rule": {
      const isIptables = /^ip6?tables/.test(where);
      const place = position === undefined ? "" : `, as rule ${position}`;
      if (action === "move") return `${within}: ${what} (moves to place ${position ?? "last"})`;
      if (!isIptables) return `${within}: ${what}${action === "add" ? place : ""}`;
      if (action === "remove") return `-A ${within} ${what}`;
      return position === undefined ? `-A ${within} ${what}` : `-I ${within} ${position} ${what}`;
    }
    case "chain":
      return `chain ${what}`;
    case "table":
      return `table ${what}`;
    case "sysctl":
      return `${within}: ${before} -> ${what}`;
    case "qdisc":
    case "filter":
      return before === undefined ? `${within}: ${kind} ${what}` : `${within}: ${kind} ${before} -> ${what}`;
    case "link":
      return before === undefined ? `link ${what}` : `link ${before} -> ${what}`;
    case "flow":
      return what;
  }
}

/** What the plan is of, in one line. */
export function titleOf({ verb, list, attachment }: ChainCall): string {
  return `${verb} of container ${attachment.containerId}, ${attachment.ifname}, on network ${list.name}`;
}

/** The plan for a person. */
export function planText(call: ChainCall, plan: ChainPlan, from: string | undefined, style: Style): string[] {
  const { changes, warnings, notPlanned, failure } = plan;
  const count = changes.length === 1 ? "1 change" : `${changes.length} changes`;
  return [
    `${titleOf(call)}: ${count}${failure === undefined ? "" : " before it would fail"}; nothing is changed now`,
    ...(from === undefined
      ? []
      : [style.dim(`taken for the result of the plugins before: ${printable(from)}`)]),
    ...diffLines(changes, style),
    ...(notPlanned.length === 0 ? [] : [style.dim(`not planned: ${notPlanned.map(printable).join(", ")}`)]),
    ...warnings.map((warning) => `${style.yellow("warning")}: ${printable(warning)}`),
  ];
}

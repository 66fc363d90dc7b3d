import type { Conflict } from "../node/conflicts.ts";
import type { Forward } from "../node/forward.ts";
import type { Owner } from "../node/owner.ts";
import type { LimitRow, PortRow } from "../node/rows.ts";

/** As `0.0.0.0:8080/tcp` or `[::1]:8080/udp`; without an address of its own it is for every one of the family. */
export function hostText({ family, hostAddress, hostPort, protocol }: Forward): string {
  return `${endpoint(hostAddress ?? (family === "v4" ? "0.0.0.0" : "::"), hostPort)}/${protocol}`;
}

export function podEndpoint({ podAddress, podPort }: Forward): string {
  return endpoint(podAddress, podPort);
}

function endpoint(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What a person needs of a container ID to know it again, where there is little room. */
export function idText({ containerId }: Pick<Owner, "containerId">, isNarrow: boolean): string {
  if (containerId === undefined) return "–";
  return isNarrow ? containerId.slice(0, 12) : containerId;
}

/** The pod, or else its container. */
export function podOrContainer(owner: Owner): string {
  return owner.pod === undefined ? idText(owner, true) : podText(owner);
}

/** The pod's name with its namespace; a dash where it is not known. */
export function podText({ pod }: Pick<Owner, "pod">): string {
  if (pod === undefined) return "–";
  return pod.namespace === "" ? pod.name : `${pod.namespace}/${pod.name}`;
}

const outcomes: Readonly<Record<Conflict["outcome"], string>> = {
  wins: "wins",
  loses: "shadowed",
  losesPartly: "partly shadowed",
  mayLose: "may be shadowed",
  untold: "disputed",
};

/** The words of a row's state; `ok` where there is nothing to say. */
export function portState({ owner, conflicts }: PortRow): string {
  const words = new Set(conflicts.map(({ outcome }) => outcomes[outcome]));
  // Whoever never gets a packet has won nothing.
  if (words.has(outcomes.loses)) words.delete(outcomes.wins);
  return stateText([standingWord(owner), ...words]);
}

export function limitState({ owner, shaped }: LimitRow): string {
  const isBypassed = shaped.ifb !== undefined && !shaped.redirected && shaped.hostDevice !== undefined;
  const isUnlimited = shaped.ingress === undefined && shaped.egress === undefined;
  return stateText([standingWord(owner), isBypassed ? "bypassed" : "", isUnlimited ? "no qdisc" : ""]);
}

function standingWord({ standing }: Owner): string {
  return standing.kind === "attached" ? "" : standing.kind;
}

function stateText(words: readonly string[]): string {
  return words.filter((word) => word !== "").join(", ") || "ok";
}

/** What a person should know beyond the table, a sentence each. */
export function remarks(ports: readonly PortRow[], limits: readonly LimitRow[], isNarrow: boolean): string[] {
  const count = (kind: Owner["standing"]["kind"]) =>
    [...ports, ...limits].filter(({ owner }) => owner.standing.kind === kind).length;
  const unknown = count("unknown");
  return [
    ...ports.flatMap((row) => portRemarks(row, isNarrow)),
    ...limits.flatMap(limitRemarks),
    ...(count("orphan") === 0 ? [] : ["orphans are what `cni-chain repair` takes away"]),
    ...(unknown === 0
      ? []
      : [
          `unknown: the cache knows nothing of ${unknown === 1 ? "one row" : `${unknown} rows`}; they may be in use`,
        ]),
  ];
}

function portRemarks({ forward, owner, conflicts }: PortRow, isNarrow: boolean): string[] {
  const what = `${hostText(forward)} → ${podEndpoint(forward)}`;
  return [
    ...standingRemarks(what, owner),
    ...conflicts.flatMap((conflict) => conflictRemark(what, conflict, isNarrow) ?? []),
  ];
}

function standingRemarks(what: string, { standing }: Owner): string[] {
  const isProven = standing.kind === "orphan" || standing.kind === "moved";
  return isProven ? [`${standing.kind}: ${what}: ${standing.reason}`] : [];
}

function conflictRemark(what: string, { outcome, other }: Conflict, isNarrow: boolean): string | undefined {
  const rival = `${podEndpoint(other)}${other.containerId === undefined ? "" : ` (container ${idText(other, isNarrow)})`}`;
  const word = outcomes[outcome];
  switch (outcome) {
    case "wins":
      return undefined;
    case "loses":
      return `${word}: ${what} gets nothing: ${rival} comes first`;
    case "losesPartly":
      return `${word}: ${what} gets nothing for ${other.hostAddress}: ${rival} comes first`;
    case "mayLose":
      return `${word}: ${what} gets nothing that meets the conditions of ${rival}, which comes first`;
    case "untold":
      return `${word}: ${what} is also forwarded to ${rival} by ${other.backend}; whose rules were made last comes first`;
  }
}

function limitRemarks(row: LimitRow): string[] {
  const { shaped, owner } = row;
  const what = [shaped.hostDevice, shaped.ifb].filter((name) => name !== undefined).join(" → ");
  return [
    ...standingRemarks(what, owner),
    ...(limitState(row).includes("bypassed")
      ? [
          `bypassed: ${what}: nothing sends the pod's packets to ${shaped.ifb}, so what leaves the pod is not limited`,
        ]
      : []),
  ];
}

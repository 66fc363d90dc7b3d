import type { Attachment } from "@cni-chain/core";
import {
  type Change,
  type Desired,
  type Entries,
  type Family,
  jumpTarget,
  type ListedRule,
  type Mark,
  maxMultiports,
  type Observed,
  type Protocol,
  type Rule,
  renderRule,
  rulesOf,
} from "iptables-wrapper";
import type { PortMapping, PortmapConfig } from "../config.ts";
import type { Destination } from "../destinations.ts";
import { mappingsFor } from "../forwards.ts";
import { chains, containerChain, legacyContainerChain, ownerComment } from "./chains.ts";

/**
 * Everything ADD makes in one family's nat table. The container's entries go in front of those of others;
 * `afresh` puts them there again where they stand already.
 */
export function desiredRules(
  attachment: Attachment,
  config: PortmapConfig,
  destination: Destination,
  afresh = false,
): Desired {
  return amongShared(containerRules(attachment, config, destination), config, afresh);
}

/** The same around the container's part, where that has been made already. */
export function amongShared(
  { own, entries }: ContainerRules,
  config: PortmapConfig,
  afresh: boolean,
): Desired {
  const intoDnat: Rule = { destinationType: "LOCAL", target: { kind: "jump", to: chains.dnat } };
  return {
    shared: [chains.dnat],
    owned: [...ownMarking(config), own],
    entries: [
      { chain: "PREROUTING", position: "last", rules: [intoDnat] },
      { chain: "OUTPUT", position: "last", rules: [intoDnat] },
      ...intoMasquerade(config),
      { ...entries, afresh },
    ],
  };
}

/** The part of it that is the container's alone: its chain, and the entries that lead there. */
export function containerRules(
  attachment: Attachment,
  config: PortmapConfig,
  destination: Destination,
): ContainerRules {
  const { family } = destination;
  const rules: Rule[] = [];
  for (const mapping of mappingsFor(family, config.portMappings)) {
    rules.push(...mappingRules(config, mapping, destination));
  }
  return {
    own: { chain: containerChain(attachment), rules },
    entries: {
      ...containerEntries(attachment),
      rules: entryRules(attachment, config.portMappings, config.conditions[family]),
    },
  };
}

export interface ContainerRules {
  readonly own: NonNullable<Desired["owned"]>[number];
  readonly entries: Entries;
}

/** Nothing of this container's is left. Shared chains stay: other containers' rules stand in them. */
export function desiredAbsence(attachment: Attachment, observed: Observed): Desired {
  const legacyChain = legacyContainerChain(attachment);
  const legacyJump = (rule: ListedRule) => jumpTarget(rule) === legacyChain;
  const legacy = (rulesOf(observed, chains.legacySnat) ?? []).some(legacyJump);
  return {
    entries: [
      { ...containerEntries(attachment), rules: [] },
      ...(legacy
        ? [{ chain: chains.legacySnat, position: "last", rules: [], isOurs: legacyJump } as const]
        : []),
    ],
    absent: [containerChain(attachment), ...(legacy ? [legacyChain] : [])],
  };
}

/** What removes the container's part as ADD has made it. */
export function removal(attachment: Attachment, config: PortmapConfig, family: Family): Change[] {
  const own = containerChain(attachment);
  const entries = entryRules(attachment, config.portMappings, config.conditions[family]);
  return [
    ...entries.map((rule): Change => {
      return { kind: "deleteRule", chain: chains.dnat, rule: { tokens: renderRule(rule) } };
    }),
    { kind: "flushChain", chain: own },
    { kind: "deleteChain", chain: own },
  ];
}

/** Nothing is left of these containers' chains. */
export function absenceOf(names: readonly string[]): Desired {
  const isOurs = (rule: ListedRule) => names.includes(jumpTarget(rule) ?? "");
  return { entries: [{ chain: chains.dnat, position: "last", rules: [], isOurs }], absent: names };
}

/** The newest container stands first, so that a hostPort somebody left behind cannot hold it back. */
function containerEntries(attachment: Attachment): Omit<Entries, "rules"> {
  const chain = containerChain(attachment);
  return { chain: chains.dnat, position: "first", isOurs: (rule) => jumpTarget(rule) === chain };
}

function ownMarking({ snat, marking }: PortmapConfig): NonNullable<Desired["owned"]> {
  if (!snat || marking.kind === "chain") return [];
  const mark = markOf(marking.bit);
  return [
    {
      chain: chains.setMark,
      rules: [{ comment: "CNI portfwd masquerade mark", target: { kind: "mark", ...mark } }],
      madeByMany: true,
    },
    { chain: chains.masquerade, rules: [{ mark, target: { kind: "masquerade" } }], madeByMany: true },
  ];
}

function intoMasquerade({ snat, marking }: PortmapConfig): Entries[] {
  if (!snat || marking.kind === "chain") return [];
  const rule: Rule = {
    comment: "CNI portfwd requiring masquerade",
    target: { kind: "jump", to: chains.masquerade },
  };
  return [{ chain: "POSTROUTING", position: "first", rules: [rule] }];
}

function markOf(bit: number): Mark {
  const value = 2 ** bit;
  return { value, mask: value };
}

/** Mark what would come back the wrong way, then forward. */
function mappingRules(config: PortmapConfig, mapping: PortMapping, destination: Destination): Rule[] {
  const { protocol, hostPort, hostIp } = mapping;
  const base = {
    protocol,
    destinationPort: hostPort,
    ...(hostIp.kind === "address" ? { destination: hostIp.address } : {}),
  };
  return [
    ...markedSources(config, destination).map(
      (source): Rule => ({ ...base, source, target: { kind: "jump", to: markChain(config) } }),
    ),
    { ...base, target: { kind: "dnat", address: destination.address, port: mapping.containerPort } },
  ];
}

/** Hairpin traffic of the container's subnet, the node's own 127.0.0.1, or with masqAll everybody. */
function markedSources({ snat, masqAll }: PortmapConfig, { family, cidr }: Destination): string[] {
  if (!snat) return [];
  if (masqAll) return [family === "v4" ? "0.0.0.0/0" : "::/0"];
  return family === "v4" ? [cidr, "127.0.0.1"] : [cidr];
}

function markChain({ marking }: PortmapConfig): string {
  return marking.kind === "chain" ? marking.chain : chains.setMark;
}

/**
 * The jumps into the container's chain: by protocol, as many ports in one rule as multiport takes. Those of a hostIP of
 * the other family are among them, as in the reference plugin's: the chain lets them pass.
 */
function entryRules(
  attachment: Attachment,
  mappings: readonly PortMapping[],
  conditions: readonly string[],
): Rule[] {
  const portsOf = new Map<Protocol, Set<number>>();
  for (const { protocol, hostPort } of mappings) {
    portsOf.set(protocol, (portsOf.get(protocol) ?? new Set()).add(hostPort));
  }
  const target = { kind: "jump", to: containerChain(attachment) } as const;
  const comment = ownerComment(attachment);
  const rules: Rule[] = [];
  for (const [protocol, set] of [...portsOf].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const ports = [...set];
    for (let at = 0; at < ports.length; at += maxMultiports) {
      const destinationPorts = ports.slice(at, at + maxMultiports);
      rules.push({ comment, protocol, destinationPorts, conditions, target });
    }
  }
  return rules;
}

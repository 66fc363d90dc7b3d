import type { Attachment } from "@cni-chain/core";
import type { Match, Rule } from "@cni-chain/nft-ts";
import type { PortMapping, PortmapConfig } from "../config.ts";
import type { Destination } from "../destinations.ts";
import { mappingsFor } from "../forwards.ts";
import { chains, tagOf } from "./names.ts";

/** The chains that every packet for an address of the node comes through, and their only rules of ours. */
export const entryChains = [chains.prerouting, chains.output] as const;
export const entryRule: Rule = {
  matches: [{ kind: "localDestination" }],
  verdict: { kind: "jump", to: chains.allMappings },
};
export const toMappings: readonly Rule[] = [chains.legacyMappings, chains.mappings].map((to) => ({
  matches: [],
  verdict: { kind: "jump", to },
}));

/** A container's own rules in one family, by their chains, in their order. */
export interface OwnRules {
  readonly mappings: readonly Rule[];
  readonly masquerade: readonly Rule[];
}

/** The rules ADD makes for the container. */
export function ownRules(attachment: Attachment, config: PortmapConfig, destination: Destination): OwnRules {
  const { family, address } = destination;
  const { containerId: comment, network } = attachment;
  const tag: Match = { kind: "lengthNot", length: tagOf(network) };
  const conditions = conditionMatches(config.conditions[family]);
  return {
    mappings: mappingsFor(family, config.portMappings).map((mapping) => ({
      matches: [tag, ...conditions, ...mappingMatches(mapping)],
      verdict: { kind: "dnat", address, port: mapping.containerPort },
      comment,
    })),
    masquerade: masqueradedSources(config, destination).map((source) => ({
      matches: [
        tag,
        { kind: "address", field: "saddr", network: source },
        { kind: "address", field: "daddr", network: address },
      ],
      verdict: { kind: "masquerade" },
      comment,
    })),
  };
}

/**
 * The conditions behind a tag of their own: nft rewrites them, so that only the tag tells, at the next ADD
 * or CHECK, whether they are still the configured ones.
 */
function conditionMatches(conditions: readonly string[]): Match[] {
  const text = conditions.join(" ");
  if (text === "") return [];
  return [
    { kind: "lengthNot", length: tagOf(text) },
    { kind: "text", text },
  ];
}

function mappingMatches({ protocol, hostPort, hostIp }: PortMapping): Match[] {
  return [
    ...(hostIp.kind === "address"
      ? [{ kind: "address", field: "daddr", network: hostIp.address } as const]
      : []),
    { kind: "destinationPort", protocol, port: hostPort },
  ];
}

/** The container itself and the node's own 127.0.0.1, or with masqAll everybody. */
function masqueradedSources({ snat, masqAll }: PortmapConfig, { family, address }: Destination): string[] {
  if (!snat) return [];
  if (masqAll) return [family === "v4" ? "0.0.0.0/0" : "::/0"];
  return family === "v4" ? [address, "127.0.0.1"] : [address];
}

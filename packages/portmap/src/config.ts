import {
  type Json,
  type JsonObject,
  type Problem,
  parseAddress,
  type Read,
  toolTimeoutMs,
} from "@cni-chain/core";
import { matchTextProblem } from "@cni-chain/nft-ts";
import type { Family, Protocol } from "iptables-wrapper";

/** What can hold the rules. */
export type BackendName = "iptables" | "nftables";

/** portmap's configuration after reading: defaults filled in, every value checked. */
export interface PortmapConfig {
  /** The backend that is asked for by name. */
  readonly backend?: BackendName;
  readonly snat: boolean;
  readonly masqAll: boolean;
  /** Who marks packets for masquerading: our own chain with a bit of the packet mark, or a chain of the operator's. */
  readonly marking:
    | { readonly kind: "bit"; readonly bit: number }
    | { readonly kind: "chain"; readonly chain: string };
  /** Further matches for the container's mappings: arguments of iptables, or words of nft. */
  readonly conditions: Readonly<Record<Family, readonly string[]>>;
  /** What ADD does about a host port that another container has: take it over, or fail. */
  readonly onConflict: "replace" | "refuse";
  readonly portMappings: readonly PortMapping[];
  /** Milliseconds for all processes together. */
  readonly timeoutMs: number;
}

export interface PortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: Protocol;
  readonly hostIp: HostIp;
}

/** Which addresses of the node a mapping stands for: all, all of a family (0.0.0.0 or ::), or one. */
type HostIp =
  | { readonly kind: "any" }
  | { readonly kind: "family"; readonly family: Family }
  | { readonly kind: "address"; readonly family: Family; readonly address: string };

const defaultMarkBit = 13;

/** Reads the fields that are portmap's. The schema has checked types and ranges; what it cannot say is checked here. */
export function readConfig(netConf: JsonObject): Read<PortmapConfig> {
  const { runtimeConfig, conditionsV4, conditionsV6, markMasqBit, externalSetMarkChain } =
    netConf as WrittenConfig;
  const problems: Problem[] = [];
  if (markMasqBit !== undefined && externalSetMarkChain !== undefined) {
    problems.push({
      path: "externalSetMarkChain",
      message: `${JSON.stringify(externalSetMarkChain)} together with markMasqBit ${markMasqBit}: give one of the two`,
    });
  }
  const { backend } = wantedBackend(netConf);
  if (backend === "nftables") {
    for (const [path, value] of Object.entries({ markMasqBit, externalSetMarkChain })) {
      if (value === undefined) continue;
      problems.push({ path, message: forIptablesAlone(value) });
    }
  }
  for (const [path, conditions] of Object.entries({ conditionsV4, conditionsV6 })) {
    problems.push(...conditionProblems(path, conditions ?? [], backend ?? impliedBackend(netConf)));
  }
  const portMappings: PortMapping[] = [];
  for (const [index, mapping] of (runtimeConfig?.portMappings ?? []).entries()) {
    const hostIp = readHostIp(mapping.hostIP ?? "");
    if (hostIp === undefined) {
      problems.push({
        path: `runtimeConfig.portMappings[${index}].hostIP`,
        message: `${JSON.stringify(mapping.hostIP)} is no IP address; give an IPv4 or IPv6 address, or leave it out for all`,
      });
      continue;
    }
    const protocol = mapping.protocol.toLowerCase() as Protocol;
    portMappings.push({ hostPort: mapping.hostPort, containerPort: mapping.containerPort, protocol, hostIp });
  }
  if (problems.length > 0) return { ok: false, problems };
  const written = netConf as WrittenConfig;
  return {
    ok: true,
    value: {
      ...(backend === undefined ? {} : { backend }),
      snat: written.snat ?? true,
      masqAll: written.masqAll ?? false,
      marking:
        externalSetMarkChain === undefined
          ? { kind: "bit", bit: markMasqBit ?? defaultMarkBit }
          : { kind: "chain", chain: externalSetMarkChain },
      conditions: { v4: conditionsV4 ?? [], v6: conditionsV6 ?? [] },
      onConflict: written.onConflict ?? "replace",
      portMappings,
      timeoutMs: toolTimeoutMs(written.timeoutSeconds),
    },
  };
}

/** What a configuration says about the backend: its name, and fields that only one of them takes. */
export type Wanted = Pick<PortmapConfig, "backend"> & Partial<Pick<PortmapConfig, "conditions" | "marking">>;

/** The same, and the time for its tools. */
export type TimedWanted = Wanted & Pick<PortmapConfig, "timeoutMs">;

/** The backend asked for by name, and the time for it. For DEL and GC too: the fields may be of any shape. */
export function wantedBackend({ backend, timeoutSeconds }: JsonObject): TimedWanted {
  const timeoutMs = toolTimeoutMs(timeoutSeconds);
  return backend === "iptables" || backend === "nftables" ? { backend, timeoutMs } : { timeoutMs };
}

/** Every field that the backend chosen for the node does not take. */
export function unfitFields({ conditions, marking }: Wanted, chosen: BackendName): Problem[] {
  return [
    ...(chosen === "nftables" && marking?.kind === "chain"
      ? [{ path: "externalSetMarkChain", message: forIptablesAlone(marking.chain) }]
      : []),
    ...conditionProblems("conditionsV4", conditions?.v4 ?? [], chosen),
    ...conditionProblems("conditionsV6", conditions?.v6 ?? [], chosen),
  ];
}

function forIptablesAlone(value: unknown): string {
  return `${JSON.stringify(value)} is for backend iptables alone`;
}

/** The backend that fields are made for, so that one made for the other is told of before any is chosen. */
function impliedBackend({ markMasqBit, externalSetMarkChain, conditionsV4, conditionsV6 }: JsonObject) {
  if (markMasqBit !== undefined || externalSetMarkChain !== undefined) return "iptables";
  return [conditionsV4, conditionsV6].map(syntaxOf).find((syntax) => syntax !== undefined);
}

/** iptables' matches begin with an option or a negation, nft's with a word. */
function syntaxOf(conditions: Json | undefined): BackendName | undefined {
  const first: unknown = Array.isArray(conditions) ? conditions[0] : undefined;
  if (typeof first !== "string") return undefined;
  return /^[-!]/.test(first) ? "iptables" : "nftables";
}

function conditionProblems(
  path: string,
  conditions: readonly string[],
  backend: BackendName | undefined,
): Problem[] {
  const syntax = syntaxOf(conditions);
  if (syntax === undefined) return [];
  const first = JSON.stringify(conditions[0]);
  if (syntax === "nftables" && backend !== "nftables") {
    return [
      {
        path: `${path}[0]`,
        message: `${first} is not iptables syntax, which begins with "-" or "!"; the iptables backend takes no nft syntax`,
      },
    ];
  }
  if (syntax === "iptables" && backend !== "iptables") {
    return [
      {
        path: `${path}[0]`,
        message: `${first} is iptables syntax; the nftables backend takes nft's, as "ip saddr 192.0.2.0/24"`,
      },
    ];
  }
  const text = conditions.join(" ");
  const problem = syntax === "nftables" ? matchTextProblem(text) : undefined;
  return problem === undefined ? [] : [{ path, message: `${JSON.stringify(text)}: ${problem}` }];
}

/** The fields as schemas/portmap.schema.json lets them through. */
interface WrittenConfig {
  readonly snat?: boolean;
  readonly masqAll?: boolean;
  readonly markMasqBit?: number;
  readonly externalSetMarkChain?: string;
  readonly conditionsV4?: readonly string[];
  readonly conditionsV6?: readonly string[];
  readonly onConflict?: "replace" | "refuse";
  readonly timeoutSeconds?: number;
  readonly runtimeConfig?: {
    readonly portMappings?: readonly {
      readonly hostPort: number;
      readonly containerPort: number;
      readonly protocol: string;
      readonly hostIP?: string;
    }[];
  };
}

function readHostIp(text: string): HostIp | undefined {
  if (text === "") return { kind: "any" };
  const parsed = parseAddress(text);
  if (parsed === undefined) return undefined;
  const { family, address, unspecified } = parsed;
  return unspecified ? { kind: "family", family } : { kind: "address", family, address };
}

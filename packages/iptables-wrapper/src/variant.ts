import type { Runner } from "@cni-chain/exec";
import { renderListing } from "./render-restore.ts";
import type { Family } from "./rule.ts";
import type { Table } from "./table.ts";

/** Which of iptables' two kernels is spoken to: what the plain name stands for, or one by its own name. */
export type Variant = "plain" | "nft" | "legacy";

/** What is known of the node without starting a process. */
export interface Surroundings {
  /** Where a tool on PATH leads once all links are followed; undefined where there is none of that name. */
  realPath(tool: string): string | undefined;
  /**
   * The tables that iptables-legacy has in the kernel, from /proc/net/ip_tables_names or ip6_tables_names; undefined
   * where that cannot be read.
   */
  legacyTables(family: Family): readonly string[] | undefined;
  /** Whether nft's kernel has a chain in a table; undefined, or no function, where only a process can tell. */
  readonly hasNftChain?: (family: Family, table: Table, chain: string) => boolean | undefined;
}

/** Tells without a process whether a chain somebody made exists; undefined where that cannot be told. */
export type Presence = (family: Family, table: Table, chain: string) => boolean | undefined;

/** The chains in table mangle by which kubelet and kube-proxy say which variant is theirs. */
const markers = ["KUBE-IPTABLES-HINT", "KUBE-KUBELET-CANARY"];

/** Name of the tool that restores a family's tables. */
export function restoreTool(family: Family, variant: Variant): string {
  const tool = family === "v4" ? "iptables" : "ip6tables";
  return variant === "plain" ? `${tool}-restore` : `${tool}-${variant}-restore`;
}

/**
 * The plain names, unless Kubernetes' marker chains stand in the other variant alone: then rules written by
 * the plain name would be in a kernel nobody else looks at (the judgement of kubernetes-sigs/iptables-wrappers).
 * No process where the plain name is nft and no legacy mangle table is loaded; none is ever loaded by us.
 */
export async function chooseVariant(runner: Runner, surroundings: Surroundings): Promise<Variant> {
  const other = otherVariant(surroundings);
  if (other === undefined) return "plain";
  if (other === "legacy" && !surroundings.legacyTables("v4")?.includes("mangle")) return "plain";
  if (!(await hasMarkers(runner, other, surroundings))) return "plain";
  return (await hasMarkers(runner, "plain", surroundings)) ? "plain" : other;
}

/** What can be told of the chains of a variant: of nft's all, of legacy's that a whole table is not there. */
export function presenceIn(
  variant: Variant,
  { realPath, legacyTables, hasNftChain }: Surroundings,
): Presence {
  const names = new Map<Family, "nft" | "legacy" | undefined>();
  const behind = (family: Family) => {
    if (variant !== "plain") return variant;
    if (!names.has(family)) names.set(family, variantBehind(realPath(restoreTool(family, "plain")) ?? ""));
    return names.get(family);
  };
  return (family, table, chain) => {
    const name = behind(family);
    if (name === "nft") return hasNftChain?.(family, table, chain);
    return name === "legacy" && legacyTables(family)?.includes(table) === false ? false : undefined;
  };
}

/** The variant that the plain name is not, where it can be told and is installed, too. */
export function otherVariant({ realPath }: Surroundings): "nft" | "legacy" | undefined {
  const plain = variantBehind(realPath(restoreTool("v4", "plain")) ?? "");
  if (plain === undefined) return undefined;
  const other = plain === "nft" ? "legacy" : "nft";
  return realPath(restoreTool("v4", other)) === undefined ? undefined : other;
}

/** A variant by a name that leads to it, and which of the two it is; undefined behind a wrapper script. */
export interface Installed {
  readonly variant: Variant;
  readonly kind: "nft" | "legacy" | undefined;
}

/** Every variant that is installed for a family, each once. */
export function installedVariants(family: Family, { realPath }: Surroundings): readonly Installed[] {
  const named = (["nft", "legacy"] as const)
    .filter((name) => realPath(restoreTool(family, name)) !== undefined)
    .map((name): Installed => ({ variant: name, kind: name }));
  const plain = realPath(restoreTool(family, "plain"));
  const kind = variantBehind(plain ?? "");
  const isKnown = kind === undefined ? named.length === 2 : named.some((one) => one.kind === kind);
  return plain === undefined || isKnown ? named : [...named, { variant: "plain", kind }];
}

/** Both variants are one executable each, which answers to many names; a wrapper script is neither. */
function variantBehind(path: string): "nft" | "legacy" | undefined {
  if (path.endsWith("/xtables-nft-multi")) return "nft";
  return path.endsWith("/xtables-legacy-multi") ? "legacy" : undefined;
}

async function hasMarkers(runner: Runner, variant: Variant, surroundings: Surroundings): Promise<boolean> {
  const presence = presenceIn(variant, surroundings);
  const looks = markers.map(async (chain) => {
    const told = presence("v4", "mangle", chain);
    if (told !== undefined) return told;
    const stdin = renderListing({ mangle: [chain] });
    const result = await runner.run({ file: restoreTool("v4", variant), argv: ["--noflush"], stdin });
    return result.kind === "exited" && result.exitCode === 0;
  });
  return (await Promise.all(looks)).includes(true);
}

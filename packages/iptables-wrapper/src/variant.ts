import type { Runner } from "@cni-chain/exec";
import { renderListing } from "./render-restore.ts";
import type { Family } from "./rule.ts";

/** Which of iptables' two kernels is spoken to: what the plain name stands for, or one by its own name. */
export type Variant = "plain" | "nft" | "legacy";

/** What is known of the node without starting a process. */
export interface Surroundings {
  /** Where a tool on PATH leads once all links are followed; undefined where there is none of that name. */
  realPath(tool: string): string | undefined;
  /** The tables that iptables-legacy has in the kernel, from /proc/net/ip_tables_names. */
  legacyTables(): readonly string[];
}

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
export async function chooseVariant(
  runner: Runner,
  { realPath, legacyTables }: Surroundings,
): Promise<Variant> {
  const plain = variantBehind(realPath(restoreTool("v4", "plain")) ?? "");
  if (plain === undefined) return "plain";
  const other = plain === "nft" ? "legacy" : "nft";
  if (realPath(restoreTool("v4", other)) === undefined) return "plain";
  if (other === "legacy" && !legacyTables().includes("mangle")) return "plain";
  if (!(await hasMarkers(runner, other))) return "plain";
  return (await hasMarkers(runner, "plain")) ? "plain" : other;
}

/** Both variants are one executable each, which answers to many names; a wrapper script is neither. */
function variantBehind(path: string): "nft" | "legacy" | undefined {
  return /\/xtables-(nft|legacy)-multi$/.exec(path)?.[1] as "nft" | "legacy" | undefined;
}

async function hasMarkers(runner: Runner, variant: Variant): Promise<boolean> {
  const looks = markers.map(async (chain) => {
    const stdin = renderListing({ mangle: [chain] });
    const result = await runner.run({ file: restoreTool("v4", variant), argv: ["--noflush"], stdin });
    return result.kind === "exited" && result.exitCode === 0;
  });
  return (await Promise.all(looks)).includes(true);
}

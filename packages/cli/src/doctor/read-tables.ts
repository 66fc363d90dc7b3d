import { type Runner, runToSuccess } from "@cni-chain/exec";
import { findTool, nodeFiles } from "@cni-chain/exec/requirements";
import { netlinkSockets } from "@cni-chain/netlink/bun";
import { nfLook } from "@cni-chain/portmap/nf-look";
import { surroundings } from "@cni-chain/portmap/surroundings";
import { installedVariants, parseListing } from "iptables-wrapper";
import { isUnloaded } from "../node/loaded-module.ts";
import type { RuleTable } from "./facts.ts";

const tables = ["raw", "mangle", "nat", "filter"] as const;

/**
 * The rules of iptables, of either variant and family, as far as their tables are there: nothing is made or loaded to be
 * listed. Whole tables: marks may be set anywhere.
 */
export async function readTables(runner: Runner, path: string): Promise<readonly RuleTable[]> {
  const nf = nfLook((await isUnloaded("nf_tables")) ? undefined : netlinkSockets());
  const around = surroundings(path, nf);
  const found: RuleTable[] = [];
  for (const family of ["v4", "v6"] as const) {
    const ip = family === "v4" ? "ip" : "ip6";
    const inNft = nf.tableNames() ?? new Set<string>();
    const inLegacy = around.legacyTables(family) ?? [];
    for (const { variant, kind } of installedVariants(family, around)) {
      const tool = variant === "plain" ? `${ip}tables` : `${ip}tables-${variant}`;
      if (findTool(nodeFiles, tool, path).kind !== "onPath") continue;
      for (const table of tables) {
        const isThere = kind === "legacy" ? inLegacy.includes(table) : inNft.has(`${ip} ${table}`);
        if (!isThere) continue;
        const listing = await runToSuccess(runner, { file: tool, argv: ["-t", table, "-S"] });
        found.push({ tool, table, chains: gathered(listing) });
      }
    }
  }
  return found;
}

/** `-S` of a whole table names all chains first, and the rules of all of them behind. */
function gathered(listing: string): RuleTable["chains"] {
  const chains = new Map<string, { readonly tokens: readonly string[] }[]>();
  for (const line of listing.split("\n")) {
    const [chain] = parseListing(line.replace(/^-A (\S+)/, "-N $1\n-A $1"));
    if (chain === undefined) continue;
    chains.set(chain.chain, [...(chains.get(chain.chain) ?? []), ...chain.rules]);
  }
  return [...chains].map(([chain, rules]) => ({ chain, rules }));
}

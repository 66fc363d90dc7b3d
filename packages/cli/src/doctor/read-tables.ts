import { type Runner, runToSuccess } from "@cni-chain/exec";
import { findTool, nodeFiles } from "@cni-chain/exec/requirements";
import { netlinkSockets } from "@cni-chain/netlink/bun";
import { nfLook } from "@cni-chain/portmap/nf-look";
import { surroundings } from "@cni-chain/portmap/surroundings";
import { installedVariants, listedLines } from "iptables-wrapper";
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
  const found: Promise<RuleTable>[] = [];
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
        found.push(readTable(runner, tool, table));
      }
    }
  }
  return Promise.all(found);
}

async function readTable(runner: Runner, tool: string, table: string): Promise<RuleTable> {
  const listing = await runToSuccess(runner, { file: tool, argv: ["-t", table, "-S"] });
  return { tool, table, chains: gathered(listing) };
}

/** `-S` of a whole table names all chains first (`-P INPUT DROP`, `-N CHAIN`), and the rules of all of them behind. */
function gathered(listing: string): RuleTable["chains"] {
  const chains = new Map<string, string[]>();
  for (const line of listedLines(listing)) {
    const [flag = "", chain = ""] = line.split(" ", 2);
    if (flag === "-P" || flag === "-N") chains.set(chain, []);
    else if (flag === "-A") chains.get(chain)?.push(line.slice(`${flag} ${chain} `.length));
  }
  return [...chains].map(([chain, rules]) => ({ chain, rules }));
}

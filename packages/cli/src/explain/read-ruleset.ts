import { parseJson } from "@cni-chain/core";
import { type Command, CommandError, type Runner } from "@cni-chain/exec";
import { parseTableNames } from "@cni-chain/nft-ts";
import { nfLook } from "@cni-chain/portmap/nf-look";
import { surroundings } from "@cni-chain/portmap/surroundings";
import { installedVariants } from "iptables-wrapper";
import { isUnloaded } from "../node/loaded-module.ts";
import type { NodeTools } from "../node/tools.ts";
import { parseRuleTexts } from "../plan/rule-texts.ts";
import { iptablesRuleset } from "./iptables-rules.ts";
import { nftRuleset } from "./nft-rules.ts";
import type { Family } from "./packet.ts";
import type { BaseChain } from "./ruleset.ts";

/** All rules a packet of a family may meet, and what could not be read, a sentence each. */
export interface Ruleset {
  /** In the order they were made, as far as that can be told: by their tables'; those of iptables-legacy come first here. */
  readonly chains: readonly BaseChain[];
  readonly problems: readonly string[];
}

/** Tables that iptables-nft keeps its rules in, by the names of nft. */
const ofIptables = /^ip6? (?:raw|mangle|nat|filter|security)$/;

/**
 * Reads iptables of either variant where it has tables, and all other tables of nftables. Makes no table and loads no module. Needs
 * CAP_NET_ADMIN. Takes as long as the tools take to print everything: about 0.2 s at 10,000 rules.
 */
export async function readRuleset(tools: NodeTools, family: Family): Promise<Ruleset> {
  const { runner } = tools;
  const hasNft = !(await isUnloaded("nf_tables"));
  const nf = nfLook(hasNft ? tools.netlink : undefined);
  const around = surroundings(tools.path, nf);
  const names = hasNft ? await tableNames(runner) : [];
  const ip = family === "v4" ? "ip" : "ip6";
  const problems: string[] = [];
  const chains: BaseChain[] = [];
  for (const { variant, kind } of installedVariants(family, around)) {
    const isThere =
      kind === "legacy"
        ? (around.legacyTables(family) ?? []).some((name) => name !== "")
        : names.some((name) => name.startsWith(`${ip} `) && ofIptables.test(name));
    if (!isThere) continue;
    const tool = variant === "plain" ? `${ip}tables` : `${ip}tables-${variant}`;
    const command = { file: `${tool}-save`, argv: [] };
    const text = await outputOf(runner, command, problems);
    if (text !== undefined) chains.push(...iptablesRuleset(tool, text));
  }
  const read = new Set(
    chains.filter(({ table }) => !table.name.includes("legacy")).map(({ table }) => table.name),
  );
  for (const name of names) {
    const [tableFamily = "", table = ""] = name.split(" ");
    const isRead = ofIptables.test(name) && [...read].some((one) => one.endsWith(` ${table}`));
    if ((tableFamily !== ip && tableFamily !== "inet") || isRead) continue;
    chains.push(...(await nftTable(runner, tableFamily, table, problems)));
  }
  return { chains: inOrder(chains, names), problems };
}

/** nft lists tables in the order they were made, those of iptables-nft among them. */
function inOrder(chains: readonly BaseChain[], names: readonly string[]): readonly BaseChain[] {
  const placeOf = ({ table: { name } }: BaseChain) => {
    const [tool = "", table = ""] = name.split(" ");
    const family = tool.startsWith("ip6") ? "ip6" : "ip";
    return names.indexOf(tool === "nft" ? name.slice("nft ".length) : `${family} ${table}`);
  };
  const isLegacy = ({ table: { name } }: BaseChain) => name.includes("-legacy ");
  return chains.toSorted((a, b) => (isLegacy(a) ? -1 : placeOf(a)) - (isLegacy(b) ? -1 : placeOf(b)));
}

async function nftTable(
  runner: Runner,
  family: string,
  table: string,
  problems: string[],
): Promise<readonly BaseChain[]> {
  const list = ["list", "table", family, table];
  const json = await outputOf(runner, { file: "nft", argv: ["-j", ...list] }, problems);
  const text = await outputOf(runner, { file: "nft", argv: ["-a", ...list] }, problems);
  if (json === undefined) return [];
  const texts = parseRuleTexts(text ?? "");
  return nftRuleset(`nft ${family} ${table}`, parseJson(json, "nft's list"), (handle) => texts.get(handle));
}

/** Of all families, in the order they were made. */
async function tableNames(runner: Runner): Promise<readonly string[]> {
  const result = await runner.run({ file: "nft", argv: ["list", "flowtables"] });
  return result.kind === "exited" && result.exitCode === 0 ? [...parseTableNames(result.stdout)] : [];
}

async function outputOf(runner: Runner, command: Command, problems: string[]): Promise<string | undefined> {
  const result = await runner.run(command);
  if (result.kind === "exited" && result.exitCode === 0) return result.stdout;
  problems.push(`rules could not be read: ${new CommandError(command, result).message}`);
  return undefined;
}

import { readdirSync, readFileSync } from "node:fs";
import type { Runner } from "@cni-chain/exec";
import { exchangeOver, hasNfChain, NetlinkError } from "@cni-chain/netlink";
import { netlinkSockets } from "@cni-chain/netlink/bun";
import { nftables } from "@cni-chain/nft-ts";
import { chains } from "@cni-chain/portmap/iptables/chains";
import { missingGuard } from "@cni-chain/portmap/nftables/guard";
import * as nft from "@cni-chain/portmap/nftables/names";
import { splitTokens } from "iptables-wrapper";
import type { LoopbackFacts, RuleTable } from "./facts.ts";

const directory = "/proc/sys/net/ipv4/conf";

/** Devices with route_localnet, `all` among them, and whether a guard of either backend stands whole. */
export async function readLoopback(tables: readonly RuleTable[], runner: Runner): Promise<LoopbackFacts> {
  const open = readdirSync(directory).filter(
    (device) => !["default", "lo"].includes(device) && isOne(`${directory}/${device}/route_localnet`),
  );
  const mayPrescribe = isOne(`${directory}/all/accept_source_route`);
  const sourceRouted = open.filter(
    (device) => mayPrescribe && isOne(`${directory}/${device}/accept_source_route`),
  );
  const isGuarded = open.length === 0 || tables.some(isGuard) || (await hasNftGuard(runner));
  return { open, sourceRouted, isGuarded };
}

/** Both ends lead to the guard, and that drops: markers of opened devices alone, one device each, are none. */
function isGuard({ table, chains: all }: RuleTable): boolean {
  const has = (name: string, ...parts: readonly string[]) =>
    all.some(
      ({ chain, rules }) =>
        chain === name &&
        rules.some((rule) => parts.every((part) => ` ${splitTokens(rule).join(" ")} `.includes(` ${part} `))),
    );
  return (
    table === "raw" &&
    ["-d", "-s"].every((end) => has("PREROUTING", `${end} 127.0.0.0/8`, `-j ${chains.guard}`)) &&
    has(chains.guard, ["!", "-i", "lo", "-j", "DROP"].join(" "))
  );
}

function isOne(file: string): boolean {
  try {
    return readFileSync(file, "utf8").trim() === "1";
  } catch {
    // The device has gone meanwhile.
    return false;
  }
}

/** Throws CommandError where its chain is there, and its rules cannot be listed. */
async function hasNftGuard(runner: Runner): Promise<boolean> {
  return hasNftChain() && missingGuard(await nftables(runner).observe("ip", nft.table)).length === 0;
}

function hasNftChain(): boolean {
  const socket = netlinkSockets()?.(undefined, "netfilter");
  if (socket === undefined) return false;
  try {
    return hasNfChain(exchangeOver(socket), "ip", nft.table, nft.chains.guard);
  } catch (error) {
    if (error instanceof NetlinkError) return false;
    throw error;
  } finally {
    socket.close();
  }
}

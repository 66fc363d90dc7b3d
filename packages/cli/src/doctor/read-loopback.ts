import { readdirSync, readFileSync } from "node:fs";
import { exchangeOver, hasNfChain, NetlinkError } from "@cni-chain/netlink";
import { netlinkSockets } from "@cni-chain/netlink/bun";
import { chains } from "@cni-chain/portmap/iptables/chains";
import { splitTokens } from "iptables-wrapper";
import type { LoopbackFacts, RuleTable } from "./facts.ts";

const directory = "/proc/sys/net/ipv4/conf";

/** Devices with route_localnet, `all` among them, and whether a guard of either backend stands. */
export function readLoopback(tables: readonly RuleTable[]): LoopbackFacts {
  const open = readdirSync(directory).filter(
    (device) => !["default", "lo"].includes(device) && isOne(`${directory}/${device}/route_localnet`),
  );
  const isGuarded = tables.some(
    ({ table, chains: all }) =>
      table === "raw" &&
      all.some(
        ({ chain, rules }) =>
          chain === "PREROUTING" && rules.some((rule) => splitTokens(rule).includes(chains.guard)),
      ) &&
      all.some(({ chain, rules }) => chain === chains.guard && rules.length > 0),
  );
  const mayPrescribe = isOne(`${directory}/all/accept_source_route`);
  const sourceRouted = open.filter(
    (device) => mayPrescribe && isOne(`${directory}/${device}/accept_source_route`),
  );
  return { open, sourceRouted, isGuarded: isGuarded || open.length === 0 || hasNftGuard() };
}

function isOne(file: string): boolean {
  try {
    return readFileSync(file, "utf8").trim() === "1";
  } catch {
    // The device has gone meanwhile.
    return false;
  }
}

function hasNftGuard(): boolean {
  const socket = netlinkSockets()?.(undefined, "netfilter");
  if (socket === undefined) return false;
  try {
    return hasNfChain(exchangeOver(socket), "ip", "cni_hostport", "loopback_guard");
  } catch (error) {
    if (error instanceof NetlinkError) return false;
    throw error;
  } finally {
    socket.close();
  }
}

import { readFileSync } from "node:fs";
import { type Json, parseJson } from "@cni-chain/core";
import type { Command, Runner } from "@cni-chain/exec";
import type { Family } from "iptables-wrapper";
import { type Accepts, chainAccepts, droppingChains, forwardListing } from "./node-requirements-chains.ts";

/** What is known of the node without a process. */
export interface Installed {
  isInstalled(tool: string): boolean;
  /** True where iptables-legacy has made table filter in our network namespace; to list it would make it. */
  hasLegacyFilter(family: Family): boolean;
}

export function hasLegacyFilter(family: Family): boolean {
  try {
    const file = `/proc/net/${family === "v4" ? "ip" : "ip6"}_tables_names`;
    return /^filter$/m.test(readFileSync(file, "utf8"));
  } catch {
    return false;
  }
}

/**
 * A sentence for each chain through which forwarded packets go, of whatever tool, that drops by policy what opens a
 * connection to a host port. One process of nft where that is installed, one a family where iptables-legacy has rules
 * or there is no nft; one more for each chain that drops. A look that fails says nothing.
 */
export async function forwardFindings(
  families: readonly Family[],
  runner: Runner,
  installed: Installed,
): Promise<string[]> {
  const { isInstalled } = installed;
  const looks = families.flatMap((family) => {
    const ip = family === "v4" ? "iptables" : "ip6tables";
    if (installed.hasLegacyFilter(family)) {
      return [listed(family, isInstalled(`${ip}-legacy`) ? `${ip}-legacy` : ip, runner)];
    }
    return !isInstalled("nft") && isInstalled(ip) ? [listed(family, ip, runner)] : [];
  });
  const byNft = isInstalled("nft") ? inNftables(families, runner, isInstalled) : [];
  return (await Promise.all([...looks, byNft])).flat();
}

async function listed(family: Family, tool: string, runner: Runner): Promise<string[]> {
  const accepts = forwardListing((await stdoutOf(runner, { file: tool, argv: ["-S", "FORWARD"] })) ?? "");
  const chain = `${tool}: chain FORWARD of table filter`;
  return accepts === undefined
    ? []
    : finding(chain, hostPorts(family), accepts, `${tool} -I FORWARD -m conntrack --ctstate DNAT -j ACCEPT`);
}

/** nft shows the chains of iptables-nft as well, but not all that their rules match: those iptables has to list. */
async function inNftables(
  families: readonly Family[],
  runner: Runner,
  isInstalled: (tool: string) => boolean,
): Promise<string[]> {
  const chains = droppingChains((await nft(runner, "chains")) ?? null);
  const concerned = { ip: families.includes("v4"), ip6: families.includes("v6"), inet: true };
  const looks = chains.map(async ({ family, table, name }) => {
    if (!concerned[family]) return [];
    const ipFamily = family === "ip6" ? "v6" : "v4";
    const ip = ipFamily === "v4" ? "iptables" : "ip6tables";
    const tool = isInstalled(`${ip}-nft`) ? `${ip}-nft` : ip;
    if (family !== "inet" && table === "filter" && name === "FORWARD" && isInstalled(tool)) {
      return listed(ipFamily, tool, runner);
    }
    const listing = await nft(runner, "chain", family, table, name);
    if (listing === undefined) return [];
    const remedy = `nft insert rule ${family} ${table} ${name} ct status dnat accept`;
    const chain = `nftables: chain ${name} of table ${family} ${table}`;
    return finding(
      chain,
      family === "inet" ? "host ports" : hostPorts(ipFamily),
      chainAccepts(listing),
      remedy,
    );
  });
  return (await Promise.all(looks)).flat();
}

function hostPorts(family: Family): string {
  return family === "v4" ? "IPv4 host ports" : "IPv6 host ports";
}

function finding(chain: string, what: string, accepts: Accepts, remedy: string): string[] {
  if (accepts === "some") return [];
  const but =
    accepts === "none"
      ? "no rule that accepts"
      : "no rule that accepts but those of Docker or plugin firewall, which are not for host ports (an operator's in DOCKER-USER or CNI-ADMIN may be)";
  return [`${chain} has policy DROP and ${but}: other hosts get no answer from ${what}; ${remedy}`];
}

async function stdoutOf(runner: Runner, command: Command): Promise<string | undefined> {
  const result = await runner.run(command);
  return result.kind === "exited" && result.exitCode === 0 ? result.stdout : undefined;
}

async function nft(runner: Runner, ...what: readonly string[]): Promise<Json | undefined> {
  const stdout = await stdoutOf(runner, { file: "nft", argv: ["-j", "list", ...what] });
  try {
    return stdout === undefined ? undefined : parseJson(stdout);
  } catch {
    return undefined;
  }
}

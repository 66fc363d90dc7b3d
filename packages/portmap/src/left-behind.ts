import { readFileSync } from "node:fs";
import type { Runner } from "@cni-chain/exec";
import type { Family } from "iptables-wrapper";
import type { Backend } from "./backend.ts";
import type { BackendName } from "./config.ts";

/** The other backend where it may hold rules in a family, else undefined. */
export type LeftBehind = (family: Family) => Promise<Backend | undefined>;

/**
 * Looks whether a backend may have rules at all, which on nearly every node it has not: by the names of nft's
 * tables (one process for both families, 2 ms at any size) and, for iptables-legacy, by a file of /proc.
 * A look that fails is told of, not thrown: this backend is not the one in use.
 */
export function leftBehindBy(
  name: BackendName,
  isInstalled: (tool: string) => boolean,
  runner: Runner,
  warn: (message: string) => void,
  load: () => Promise<Backend>,
): LeftBehind {
  let names: Promise<ReadonlySet<string>> | undefined;
  let backend: Promise<Backend> | undefined;
  const listTables = async () => {
    try {
      const { nftables } = await import("@cni-chain/nft-ts");
      return await nftables(runner).tableNames();
    } catch (error) {
      warn(`rules of backend ${name} were not looked for: ${(error as Error).message}`);
      return new Set<string>();
    }
  };
  const tableNames = () => {
    names ??= isInstalled("nft") ? listTables() : Promise.resolve(new Set<string>());
    return names;
  };
  return async (family) => {
    const ip = family === "v4" ? "ip" : "ip6";
    const isThere =
      name === "nftables"
        ? isInstalled("nft") && (await tableNames()).has(`${ip} cni_hostport`)
        : isInstalled(`${ip}tables-restore`) && (hasLegacyNat(ip) || (await tableNames()).has(`${ip} nat`));
    if (!isThere) return undefined;
    backend ??= load();
    return backend;
  };
}

/** True where iptables-legacy has made table nat in our network namespace. */
function hasLegacyNat(ip: "ip" | "ip6"): boolean {
  try {
    return /^nat$/m.test(readFileSync(`/proc/net/${ip}_tables_names`, "utf8"));
  } catch {
    return false;
  }
}

import type { Runner } from "@cni-chain/exec";
import { files } from "@cni-chain/libc";
import type { Family } from "iptables-wrapper";
import type { Backend } from "./backend.ts";
import type { BackendName } from "./config.ts";
import type { NfLook } from "./nf-look.ts";

/** The other backend where it may hold rules in a family, else undefined. */
export type LeftBehind = (family: Family) => Promise<Backend | undefined>;

/** The names of nft's tables, of either family, as `ip nat`; none where nft is not installed. */
export type TableNames = () => Promise<ReadonlySet<string>>;

/**
 * Looks them up once, and only if somebody asks: in this process, or else by nft, 2 ms at any size. A look that
 * fails is told of, not thrown: what it is for is not the backend in use.
 */
export function nftTableNames(
  runner: Runner,
  nf: NfLook,
  isInstalled: (tool: string) => boolean,
  other: BackendName,
  warn: (message: string) => void,
): TableNames {
  let names: Promise<ReadonlySet<string>> | undefined;
  const listTables = async () => {
    const told = nf.tableNames();
    if (told !== undefined) return told;
    try {
      const { nftables } = await import("@cni-chain/nft-ts");
      return await nftables(runner).tableNames();
    } catch (error) {
      warn(`rules of backend ${other} were not looked for: ${(error as Error).message}`);
      return new Set<string>();
    }
  };
  return () => {
    names ??= isInstalled("nft") ? listTables() : Promise.resolve(new Set<string>());
    return names;
  };
}

/** Looks whether a backend may have rules at all, which on nearly every node it has not. */
export function leftBehindBy(
  name: BackendName,
  isInstalled: (tool: string) => boolean,
  tableNames: TableNames,
  load: () => Promise<Backend>,
): LeftBehind {
  let backend: Promise<Backend> | undefined;
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

/** True where a variant of iptables may have rules in table nat. */
export async function mayHoldNat(
  variant: "nft" | "legacy",
  family: Family,
  tableNames: TableNames,
): Promise<boolean> {
  const ip = family === "v4" ? "ip" : "ip6";
  return variant === "legacy" ? hasLegacyNat(ip) : (await tableNames()).has(`${ip} nat`);
}

/** True where iptables-legacy has made table nat in our network namespace. */
function hasLegacyNat(ip: "ip" | "ip6"): boolean {
  try {
    return /^nat$/m.test(files.readText(`/proc/net/${ip}_tables_names`));
  } catch {
    return false;
  }
}

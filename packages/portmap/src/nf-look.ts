import {
  type Exchange,
  exchangeOver,
  hasNfChain,
  NetlinkError,
  nfTableNames,
  type OpenSocket,
} from "@cni-chain/netlink";
import type { Family } from "iptables-wrapper";

/** Looks at nf_tables by messages of this process; every answer is undefined where that cannot be done. */
export interface NfLook {
  hasChain(family: Family, table: string, chain: string): boolean | undefined;
  /** Of both families, each as `ip nat`. */
  tableNames(): ReadonlySet<string> | undefined;
}

/** Over one socket, which ends with the process. */
export function nfLook(open: OpenSocket | undefined): NfLook {
  let exchange: Exchange | undefined;
  const ask = <T>(question: (exchange: Exchange) => T): T | undefined => {
    if (open === undefined) return undefined;
    try {
      exchange ??= exchangeOver(open(undefined, "netfilter"));
      return question(exchange);
    } catch (error) {
      // No nf_tables in this kernel, or not for us: the tools find out, and say so where it matters.
      if (error instanceof NetlinkError) return undefined;
      throw error;
    }
  };
  return {
    hasChain: (family, table, chain) =>
      ask((over) => hasNfChain(over, family === "v4" ? "ip" : "ip6", table, chain)),
    tableNames: () => ask(nfTableNames),
  };
}

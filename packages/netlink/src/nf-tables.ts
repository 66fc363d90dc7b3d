import { type Attribute, encodeAttributes, joined, parseAttributes, readText, text } from "./attributes.ts";
import { errno, NetlinkError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { flag, type Request } from "./message.ts";

/** Messages of linux/netfilter/nf_tables.h, in their subsystem (NFNL_SUBSYS_NFTABLES). */
const messageType = { getTable: 0x0a01, getChain: 0x0a04, getGeneration: 0x0a10 } as const;
/** NFTA_TABLE_NAME; NFTA_CHAIN_TABLE and _NAME; NFTA_GEN_ID. */
const attribute = { tableName: 1, chainTable: 1, chainName: 3, generation: 1 } as const;
/** struct nfgenmsg of linux/netfilter/nfnetlink.h, behind which the attributes begin: family, version, resource. */
const headerBytes = 4;
/** NFPROTO_… of linux/netfilter.h, by the names of nft. */
const families = { ip: 2, ip6: 10 } as const;

/** The families of tables that are looked at here. */
export type NfFamily = keyof typeof families;

/**
 * Whether a chain is in table `table` of nf_tables, where iptables-nft holds its rules, too. Over a socket of protocol
 * `netfilter`. Throws NetlinkError, as where the kernel has no nf_tables.
 */
export function hasNfChain(exchange: Exchange, family: NfFamily, table: string, chain: string): boolean {
  const what = () => `nft list chain ${family} ${table} ${chain}`;
  const request = nfRequest(what, messageType.getChain, families[family], 0, [
    [attribute.chainTable, text(table)],
    [attribute.chainName, text(chain)],
  ]);
  try {
    exchange(request);
    return true;
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === errno.ENOENT) return false;
    throw error;
  }
}

/** The tables of nf_tables of both families, each as `ip nat`. Throws NetlinkError. */
export function nfTableNames(exchange: Exchange): ReadonlySet<string> {
  const names = new Set<string>();
  const request = nfRequest(() => "nft list tables", messageType.getTable, 0, flag.dump, []);
  for (const { body } of exchange(request)) {
    const name = readText(parseAttributes(body.subarray(headerBytes)).get(attribute.tableName));
    if (body[0] === families.ip) names.add(`ip ${name}`);
    if (body[0] === families.ip6) names.add(`ip6 ${name}`);
  }
  return names;
}

/** The number of nf_tables' rules as they are now: every transaction, whosever, makes it another. Throws NetlinkError. */
export function nfGeneration(exchange: Exchange): string {
  const request = nfRequest(() => "nft generation", messageType.getGeneration, 0, 0, []);
  const [message] = exchange(request);
  const id = message && parseAttributes(message.body.subarray(headerBytes)).get(attribute.generation);
  if (id === undefined) throw new NetlinkError(request.what(), 0, "acknowledged, but not answered");
  return id.toHex();
}

function nfRequest(
  what: () => string,
  type: number,
  family: number,
  flags: number,
  attributes: readonly Attribute[],
): Request {
  const header = new Uint8Array(headerBytes);
  header[0] = family;
  return { what, type, flags, body: joined([header, encodeAttributes(attributes)]) };
}

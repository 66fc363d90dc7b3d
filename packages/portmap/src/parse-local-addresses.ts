import { parseAddress } from "@cni-chain/core";

/**
 * The node's own IPv4 addresses as [first, last] ranges of numbers, from /proc/net/fib_trie: every leaf
 * `|-- ADDRESS` with a `/LENGTH host LOCAL` below it.
 */
export function parseFibTrie(text: string): (readonly [number, number])[] {
  const ranges: (readonly [number, number])[] = [];
  let address = "";
  for (const line of text.split("\n")) {
    const leaf = /\|-- (\S+)/.exec(line);
    if (leaf?.[1] !== undefined) address = leaf[1];
    const length = /\/(\d+) host LOCAL/.exec(line)?.[1];
    if (length === undefined) continue;
    const first = ipv4Number(address);
    ranges.push([first, first + 2 ** (32 - Number(length)) - 1]);
  }
  return ranges;
}

export function ipv4Number(address: string): number {
  return address.split(".").reduce((number, part) => number * 256 + Number(part), 0);
}

/** The node's own IPv6 addresses in their canonical spelling, from /proc/net/if_inet6: 32 hexadecimal digits each. */
export function parseIfInet6(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const groups = /^[0-9a-f]{32}/.exec(line)?.[0].match(/.{4}/g) ?? [];
    return parseAddress(groups.join(":"))?.address ?? [];
  });
}

import { integer, isRecord, type JsonRecord, jsonRecords, text } from "./json.ts";
import type { Address, Link, LinkWithAddresses, Peer } from "./link.ts";

/** Parses `ip -j -d link show`, also several of a batch, in their order. Throws SyntaxError. */
export function parseLinks(output: string): readonly Link[] {
  return jsonRecords(output).map(link);
}

/** Parses `ip -j -d addr show`, also several of a batch, in their order. Throws SyntaxError. */
export function parseAddresses(output: string): readonly LinkWithAddresses[] {
  return jsonRecords(output).map((record) => ({ ...link(record), addresses: addresses(record) }));
}

/** Parses `ip -j route get`: the device packets leave by, or undefined where the answer names none. */
export function parseRouteDevice(output: string): string | undefined {
  const [route] = jsonRecords(output);
  return route === undefined ? undefined : text(route, "dev");
}

function link(record: JsonRecord): Link {
  const name = text(record, "ifname");
  const ifindex = integer(record, "ifindex");
  const mtu = integer(record, "mtu");
  if (name === undefined || ifindex === undefined || mtu === undefined) {
    throw new SyntaxError(`a link without ifname, ifindex or mtu: ${JSON.stringify(record).slice(0, 200)}`);
  }
  const flags = strings(record["flags"]);
  const info = record["linkinfo"];
  return {
    name,
    ifindex,
    kind: isRecord(info) ? text(info, "info_kind") : undefined,
    flags,
    up: flags.includes("UP"),
    mtu,
    txqlen: integer(record, "txqlen") ?? 0,
    mac: text(record, "address"),
    master: text(record, "master"),
    alias: text(record, "ifalias"),
    peer: peer(record),
  };
}

function peer(record: JsonRecord): Peer | undefined {
  const name = text(record, "link");
  if (name !== undefined) return { where: "here", name };
  const ifindex = integer(record, "link_index");
  if (ifindex === undefined) return undefined;
  return { where: "elsewhere", ifindex, netnsid: integer(record, "link_netnsid") };
}

function addresses(record: JsonRecord): readonly Address[] {
  const list = record["addr_info"];
  if (!Array.isArray(list)) return [];
  return list.filter(isRecord).flatMap((entry): readonly Address[] => {
    const family = text(entry, "family");
    const address = text(entry, "local");
    if ((family !== "inet" && family !== "inet6") || address === undefined) return [];
    return [
      {
        family,
        address,
        prefixLength: integer(entry, "prefixlen") ?? (family === "inet" ? 32 : 128),
        scope: text(entry, "scope") ?? "global",
      },
    ];
  });
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

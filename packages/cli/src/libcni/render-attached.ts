import {
  isCniVersion,
  isJsonObject,
  type Json,
  type JsonObject,
  parseCidr,
  readResult,
} from "@cni-chain/core";
import { rateText } from "../output/quantities.ts";

/** A label and what stands beside it. */
export type Line = readonly [label: string, text: string];

/** What an attachment has got, for a person: addresses, ports that are forwarded, limits. */
export function renderAttached(
  result: JsonObject,
  { ifname, capabilityArgs }: { readonly ifname: string; readonly capabilityArgs: JsonObject },
): readonly Line[] {
  const ips = containerIps(result, ifname);
  const addresses = ips.map(({ address }) => address.split("/")[0] ?? "");
  return [
    ...ips.map(({ address, gateway = "" }): Line => {
      return ["address", gateway === "" ? address : `${address}, gateway ${gateway}`];
    }),
    ...listOf(capabilityArgs["portMappings"]).map(
      (mapping): Line => ["forwarded", forward(mapping, addresses)],
    ),
    ...limits(capabilityArgs["bandwidth"]).map((text): Line => ["limited", text]),
  ];
}

function containerIps(result: JsonObject, ifname: string) {
  const version = result["cniVersion"];
  const read = readResult(result, isCniVersion(version) ? version : "1.0.0");
  if (!read.ok) return [];
  const { ips, interfaces } = read.value;
  return ips.filter(({ interface: index }) => {
    const owner = index === undefined ? undefined : interfaces[index];
    return owner === undefined || owner.name === ifname;
  });
}

function forward(mapping: JsonObject, addresses: readonly string[]): string {
  const { hostPort, containerPort, protocol, hostIP = "" } = mapping;
  const host = String(hostIP);
  const isV6 = (address: string) => address.includes(":");
  const family = parseCidr(`${host}/32`);
  const reached = family === undefined ? addresses : addresses.filter((one) => isV6(one) === isV6(host));
  const at = (address: string, port: Json | undefined) =>
    address === "" ? String(port) : isV6(address) ? `[${address}]:${port}` : `${address}:${port}`;
  const targets = reached.map((address) => at(address, containerPort)).join(" and ");
  return `${at(host, hostPort)}/${protocol} -> ${targets === "" ? containerPort : targets}`;
}

function limits(bandwidth: Json | undefined): readonly string[] {
  if (!isJsonObject(bandwidth)) return [];
  const directions = [
    ["ingressRate", "into the container"],
    ["egressRate", "out of the container"],
  ] as const;
  return directions.flatMap(([field, words]) => {
    const rate = Number(bandwidth[field] ?? 0);
    return rate > 0 ? [`${rateText(rate)} ${words}`] : [];
  });
}

function listOf(json: Json | undefined): readonly JsonObject[] {
  return Array.isArray(json) ? json.filter(isJsonObject) : [];
}

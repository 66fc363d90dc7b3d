import { parseCidr } from "./ip.ts";
import type { JsonObject } from "./json.ts";
import { type IpConfig, type Result, type Route, source } from "./result.ts";
import { type CniVersion, isAtLeast } from "./versions.ts";

/** Up to 0.2.0 a result has ip4 and ip6; then ips with a version each; from 1.0.0 ips without. */
type Shape = "legacy" | "versioned" | "plain";

function shapeOf(version: CniVersion): Shape {
  if (isAtLeast(version, "1.0.0")) return "plain";
  return isAtLeast(version, "0.3.0") ? "versioned" : "legacy";
}

/**
 * The document to print for a result at a version, cniVersion first. Parts that nobody replaced since
 * readResult, in the same shape, come out as they went in; else empty lists are left out, as the
 * reference does. Down to 0.2.0 only the first address of a family, and the routes of those, survive.
 */
export function resultDocument(result: Result, version: CniVersion): Readonly<Record<string, unknown>> {
  const { interfaces, ips, routes, cniVersion: _, [source]: origin, ...rest } = result;
  const shape = shapeOf(version);
  const kept = origin !== undefined && shapeOf(origin.version) === shape ? origin : undefined;
  const as = <T>(
    key: string,
    part: readonly T[],
    before: readonly T[] | undefined,
    print = (item: T): unknown => item,
  ) => (kept !== undefined && part === before ? asRead(kept.document, key) : listed(key, part.map(print)));
  if (shape !== "legacy") {
    return {
      cniVersion: version,
      ...as("interfaces", interfaces, kept?.interfaces),
      ...as("ips", ips, kept?.ips, shape === "versioned" ? withVersion : undefined),
      ...as("routes", routes, kept?.routes),
      ...rest,
    };
  }
  const untouched = kept !== undefined && ips === kept.ips && routes === kept.routes;
  const addresses = untouched
    ? { ...asRead(kept.document, "ip4"), ...asRead(kept.document, "ip6") }
    : { ...legacyIp("ip4", "v4", ips, routes), ...legacyIp("ip6", "v6", ips, routes) };
  return { cniVersion: version, ...addresses, ...rest };
}

function asRead(document: JsonObject, key: string): JsonObject {
  const value = document[key];
  return value === undefined ? {} : { [key]: value };
}

function listed(key: string, items: readonly unknown[]): Readonly<Record<string, unknown>> {
  return items.length === 0 ? {} : { [key]: items };
}

function withVersion(ip: IpConfig): IpConfig {
  return { ...ip, version: familyOf(ip.address) === "v4" ? "4" : "6" };
}

function legacyIp(key: string, family: "v4" | "v6", ips: readonly IpConfig[], routes: readonly Route[]) {
  const first = ips.find((ip) => familyOf(ip.address) === family);
  if (first === undefined) return {};
  const { address, interface: _, version: __, ...more } = first;
  const own = routes.filter((route) => familyOf(route.dst) === family);
  return { [key]: { ip: address, ...more, ...listed("routes", own) } };
}

function familyOf(cidr: string): "v4" | "v6" | undefined {
  return parseCidr(cidr)?.family;
}

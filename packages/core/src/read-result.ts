import { foldKeys } from "./fold-keys.ts";
import { schema } from "./generated/result-schema.js";
import { parseAddress, parseCidr } from "./ip.ts";
import { isJsonObject, type Json, type JsonObject, shown } from "./json.ts";
import type { Problem, Read } from "./plugin.ts";
import { type Interface, type IpConfig, type Result, type Route, source } from "./result.ts";
import { type CniVersion, cniVersions, isAtLeast, isCniVersion } from "./versions.ts";

/** A result document once the schema has passed it; which fields it has depends on its version. */
interface ResultDocument {
  readonly interfaces?: readonly Interface[];
  readonly ips?: readonly IpConfig[];
  readonly routes?: readonly Route[];
  readonly ip4?: LegacyIp;
  readonly ip6?: LegacyIp;
}

/** Up to 0.2.0: one address a family, with the routes of that family. */
interface LegacyIp {
  readonly ip: string;
  readonly gateway?: string;
  readonly routes?: readonly Route[];
  readonly [unknown: string]: unknown;
}

/**
 * Turns a result of any version into the inner shape (CNI specification, "Success", and libcni's
 * types/020, 040 and 100). A document without cniVersion is taken for one of `assumed`.
 * Problems have paths that begin with `prevResult`.
 */
export function readResult(json: Json, assumed: CniVersion): Read<Result> {
  const folded = foldKeys(json, schema.keys);
  if (!isJsonObject(folded))
    return failed([{ path: "", message: `${shown(json)} is not allowed, must be an object` }]);
  const asked = folded["cniVersion"] ?? "";
  const told = asked === "" ? assumed : asked;
  if (!isCniVersion(told)) {
    return failed([
      { path: "cniVersion", message: `${shown(told)} is not known; known are ${cniVersions.join(", ")}` },
    ]);
  }
  const version = versionByShape(folded, told);
  const { cniVersion: _, ...document } = folded;
  const wrongShape = schema.validate(document);
  if (wrongShape.length > 0) return failed(wrongShape);
  // The boundary: from here on the schema vouches for the shape.
  const checked = document as ResultDocument;
  const wrongAddresses = addressProblems(checked);
  return wrongAddresses.length > 0
    ? failed(wrongAddresses)
    : { ok: true, value: toInner(document, checked, version) };
}

/** The reference's loopback, for one, prints a result of the later shape whatever the version: up to 0.2.0, too. */
function versionByShape({ ips, interfaces, ip4, ip6 }: JsonObject, told: CniVersion): CniVersion {
  const isLater = (ips ?? interfaces) !== undefined && (ip4 ?? ip6) === undefined;
  return isLater && !isAtLeast(told, "0.3.0") ? "0.3.0" : told;
}

function toInner(document: JsonObject, checked: ResultDocument, version: CniVersion): Result {
  if (isAtLeast(version, "0.3.0")) {
    const { interfaces = [], ips: written = [], routes = [] } = checked;
    const ips = isAtLeast(version, "1.0.0") ? written : written.map(({ version: _, ...ip }) => ip);
    const parts = { interfaces, ips, routes };
    return { ...document, ...parts, [source]: { version, document, ...parts } };
  }
  const { ip4, ip6, ...rest } = document;
  const legacy = [checked.ip4, checked.ip6].filter((ip) => ip !== undefined);
  const parts = {
    interfaces: [],
    ips: legacy.map(({ ip, routes: _, ...more }) => ({ address: ip, ...more })),
    routes: legacy.flatMap(({ routes = [] }) => routes),
  };
  return { ...rest, ...parts, [source]: { version, document, ...parts } };
}

function addressProblems({ ips = [], routes = [], ip4, ip6 }: ResultDocument): Problem[] {
  const problems: Problem[] = [];
  for (const [index, ip] of ips.entries()) {
    requireCidr(problems, `ips[${index}].address`, ip.address);
    requireAddress(problems, `ips[${index}].gateway`, ip.gateway);
  }
  requireRoutes(problems, "routes", routes);
  for (const [path, ip] of [["ip4", ip4] as const, ["ip6", ip6] as const]) {
    if (ip === undefined) continue;
    requireCidr(problems, `${path}.ip`, ip.ip);
    requireAddress(problems, `${path}.gateway`, ip.gateway);
    requireRoutes(problems, `${path}.routes`, ip.routes ?? []);
  }
  return problems;
}

function requireRoutes(problems: Problem[], path: string, routes: readonly Route[]): void {
  for (const [index, { dst, gw }] of routes.entries()) {
    requireCidr(problems, `${path}[${index}].dst`, dst);
    requireAddress(problems, `${path}[${index}].gw`, gw);
  }
}

function requireCidr(problems: Problem[], path: string, text: string): void {
  if (parseCidr(text) !== undefined) return;
  problems.push({ path, message: `${shown(text)} is not allowed, must be an address with prefix length` });
}

/** Go prints an address that is not set as an empty string, and reads it so. */
function requireAddress(problems: Problem[], path: string, text = ""): void {
  if (text === "" || parseAddress(text) !== undefined) return;
  problems.push({ path, message: `${shown(text)} is not allowed, must be an IP address` });
}

function failed(problems: readonly Problem[]): Read<Result> {
  const prefixed = problems.map(({ path, message }) => ({
    path: path === "" ? "prevResult" : `prevResult.${path}`,
    message,
  }));
  return { ok: false, problems: prefixed };
}

import { foldKeys, isJsonObject, type Json, type JsonObject } from "@cni-chain/core";
import { error, type Finding, ofKey, type Path, warning } from "./finding.ts";
import { ours } from "./ours.ts";
import { suggest } from "./suggest.ts";

/** Capabilities that runtimes know (CNI conventions, "Dynamic Plugin specific fields"); their case matters. */
const conventional = [
  "portMappings",
  "bandwidth",
  "ipRanges",
  "ips",
  "mac",
  "dns",
  "aliases",
  "infinibandGUID",
  "deviceID",
  "cgroupPath",
];

/** The capability without which a plugin of ours has nothing to do, and the fields that can stand in for it. */
const needed: ReadonlyMap<string, { readonly capability: string; readonly fields: readonly string[] }> =
  new Map([
    ["portmap", { capability: "portMappings", fields: [] }],
    ["bandwidth", { capability: "bandwidth", fields: ["ingressRate", "egressRate"] }],
  ]);

/** What is wrong with a plugin's `capabilities`, or with there being none. */
export function capabilityFindings(type: string, element: JsonObject, path: Path): Finding[] {
  const keys = ours.get(type)?.schema.keys ?? { properties: { capabilities: {} } };
  const folded = foldKeys(element, keys);
  const document = isJsonObject(folded) ? folded : {};
  const given = document["capabilities"] ?? {};
  const below: Path = [...path, "capabilities"];
  if (!isJsonObject(given)) {
    return [error(below, `${kind(given)} is not allowed, must be an object, as { "portMappings": true }`)];
  }
  const need = needed.get(type);
  const known = need === undefined ? conventional : [need.capability];
  const findings = Object.entries(given).flatMap(([name, value]): Finding[] => {
    if (typeof value !== "boolean" && value !== null) {
      return [error([...below, name], `${kind(value)} is not allowed, must be true or false`)];
    }
    const meant = suggest(name, known);
    if (meant !== undefined && !Object.hasOwn(given, meant)) {
      return [ofKey(error([...below, name], "no runtime has this capability", meant))];
    }
    if (known.includes(name) || !ours.has(type)) return [];
    return [ofKey(warning([...below, name], `${type} makes no use of this capability`))];
  });
  if (need === undefined || given[need.capability] === true) return findings;
  // A name that was meant to be it has been told of; and what the file gives itself need not come from the runtime.
  if (findings.some(({ severity }) => severity === "error") || givenInFile(document, need)) return findings;
  const says = `{ "${need.capability}": true }`;
  const message = `without ${says} the runtime passes ${type} nothing to do`;
  return [...findings, warning(Object.hasOwn(document, "capabilities") ? below : path, message)];
}

function givenInFile(document: JsonObject, need: { capability: string; fields: readonly string[] }): boolean {
  const { runtimeConfig } = document;
  if (isJsonObject(runtimeConfig) && runtimeConfig[need.capability] !== undefined) return true;
  return need.fields.some((field) => document[field] !== undefined);
}

function kind(value: Json): string {
  return value === null ? "null" : Array.isArray(value) ? "a list" : JSON.stringify(String(value));
}

import { CniError, ErrorCode } from "./cni-error.ts";
import { foldKeys } from "./fold-keys.ts";
import { identifierRule, isIdentifier } from "./identifiers.ts";
import { isJsonObject, type Json, type JsonObject, shown } from "./json.ts";
import type { KeyTree } from "./plugin.ts";
import { type CniVersion, cniVersions, isAtLeast, isCniVersion } from "./versions.ts";

/** The network configuration as a plugin gets it: one entry of a conflist, with what libcni puts in. */
export interface NetConf {
  readonly name: string;
  readonly cniVersion: CniVersion;
  /** All of it, keys folded, `cniVersion` filled in. */
  readonly document: JsonObject;
}

/** The commands that the first specification had not, and the version each came with. */
const since = { CHECK: "0.4.0", GC: "1.1.0", STATUS: "1.1.0" } as const;

/** Folds the keys of a configuration. Throws CniError 6 if it is no object. */
export function foldNetConf(json: Json, keys: KeyTree): JsonObject {
  const document = foldKeys(json, keys);
  if (isJsonObject(document)) return document;
  throw new CniError(
    ErrorCode.decodingFailure,
    `standard input holds ${shown(json)}: a network configuration is a JSON object`,
  );
}

/** Version a configuration asks for; without one it is 0.1.0, as libcni takes it. */
export function askedVersion(document: JsonObject): Json {
  const asked = document["cniVersion"] ?? "";
  return asked === "" ? "0.1.0" : asked;
}

/**
 * Checks what every command but VERSION needs. Throws CniError 1 for a version the plugin does not speak
 * or that has no such command, CniError 7 for a name that is missing or malformed.
 */
export function readNetConf(
  document: JsonObject,
  supported: readonly CniVersion[],
  command: "ADD" | "CHECK" | "DEL" | "GC" | "STATUS",
): NetConf {
  const asked = askedVersion(document);
  const cniVersion = isCniVersion(asked) && supported.includes(asked) ? asked : undefined;
  if (cniVersion === undefined) {
    const note = document["cniVersion"] === undefined ? " (none given means 0.1.0)" : "";
    throw new CniError(
      ErrorCode.incompatibleVersion,
      `cniVersion ${shown(asked)}${note} is not supported; supported are ${supported.join(", ")}`,
    );
  }
  const least = command === "ADD" || command === "DEL" ? undefined : since[command];
  if (least !== undefined && !isAtLeast(cniVersion, least)) {
    const able = cniVersions.filter((version) => isAtLeast(version, least));
    throw new CniError(
      ErrorCode.incompatibleVersion,
      `cniVersion ${shown(asked)} has no ${command}; versions that have it: ${able.join(", ")}`,
    );
  }
  const name = document["name"] ?? "";
  if (typeof name !== "string" || !isIdentifier(name)) {
    const given = name === "" ? "missing" : shown(name);
    throw new CniError(ErrorCode.invalidConfig, `name: ${given}, allowed is ${identifierRule}`);
  }
  return { name, cniVersion, document: { ...document, cniVersion } };
}

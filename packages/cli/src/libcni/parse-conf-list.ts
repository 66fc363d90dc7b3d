import {
  foldKeys,
  isJsonObject,
  type Json,
  type JsonObject,
  parseJson,
  printJson,
  shown,
} from "@cni-chain/core";
import { compareVersions, isVersion, newestVersion } from "./versions.ts";

/** A network configuration list, as libcni takes it (libcni/conf.go). */
export interface ConfList {
  readonly name: string;
  /** What the plugins are called at: of `cniVersions`, the newest that is known here; 0.1.0 where none is given. */
  readonly cniVersion: string;
  /** CHECK is not to be called. */
  readonly disableCheck: boolean;
  /** GC is not to be called. */
  readonly disableGC: boolean;
  /** No plugin comes from files of the folder that bears the network's name. */
  readonly onlyInlined: boolean;
  /** In the order of ADD. */
  readonly plugins: readonly PluginConf[];
  /** What the cache keeps: the file as it is, or a single plugin's configuration made a list. */
  readonly text: string;
  readonly document: JsonObject;
  /** Path of the file; undefined where it comes from the cache. */
  readonly file?: string;
}

/** One plugin's entry of a list. */
export interface PluginConf {
  /** Name of its executable. */
  readonly type: string;
  /** Capabilities it declares: what of the runtime's arguments it is given. */
  readonly capabilities: readonly string[];
  readonly document: JsonObject;
}

/** A configuration that cannot be used; the message says where and what, without the file's name. */
export class ConfError extends Error {
  override readonly name = "ConfError";
}

/**
 * Reads a list, or a single plugin's configuration, which becomes a list of one (libcni's upconversion). A list may be
 * without plugins, as they can lie in a folder of their own. Throws ConfError.
 */
export function parseConfList(text: string): ConfList {
  const document = parseObject(text);
  if (document["plugins"] === undefined && document["type"] !== undefined) return parseSinglePlugin(document);
  const written = document["plugins"] ?? [];
  if (!Array.isArray(written)) throw new ConfError(`plugins: ${shown(written)}, must be a list`);
  return {
    name: nameOf(document),
    cniVersion: chosenVersion(document),
    disableCheck: flag(document, "disableCheck"),
    disableGC: flag(document, "disableGC"),
    onlyInlined: flag(document, "loadOnlyInlinedPlugins"),
    plugins: written.map((plugin: Json, at) => pluginConf(plugin, `plugins[${at}]`)),
    text,
    document,
  };
}

/** Reads one plugin's configuration. Throws ConfError. */
export function parsePluginConf(text: string): PluginConf {
  return pluginConf(parseObject(text), "");
}

function parseObject(text: string): JsonObject {
  const json = parseJson(text, "it");
  if (isJsonObject(json)) return json;
  throw new ConfError(`${shown(json)}: a network configuration is a JSON object`);
}

function parseSinglePlugin(plugin: JsonObject): ConfList {
  const cniVersion = chosenVersion({ cniVersion: plugin["cniVersion"] ?? "" });
  const document = { name: nameOf(plugin), cniVersion, plugins: [plugin] };
  return parseConfList(printJson(document));
}

function pluginConf(json: Json, path: string): PluginConf {
  // Go's decoder, which reads these two for libcni, ignores case.
  const folded = foldKeys(json, { properties: { type: {}, capabilities: {} } });
  const prefix = path === "" ? "" : `${path}.`;
  if (!isJsonObject(json) || !isJsonObject(folded))
    throw new ConfError(`${path}: ${shown(json)}, must be an object`);
  const { type, capabilities = {} } = folded;
  if (typeof type !== "string" || type === "")
    throw new ConfError(`${prefix}type: ${shown(type)}, must name a plugin`);
  if (!isJsonObject(capabilities)) {
    throw new ConfError(
      `${prefix}capabilities: ${shown(capabilities)}, must be an object of names and true or false`,
    );
  }
  const declared = Object.keys(capabilities).filter((name) => capabilities[name] === true);
  return { type, capabilities: declared, document: json };
}

function nameOf(document: JsonObject): string {
  const name = document["name"];
  if (typeof name === "string" && name !== "") return name;
  throw new ConfError(`name: ${shown(name)}, must be the network's name`);
}

/** Of all versions given the newest that is known here; a `cniVersion` alone is taken as it stands. */
function chosenVersion(document: JsonObject): string {
  const single = document["cniVersion"] ?? "";
  if (typeof single !== "string") throw new ConfError(`cniVersion: ${shown(single)}, must be a text`);
  const more = document["cniVersions"];
  if (more !== undefined && !Array.isArray(more))
    throw new ConfError(`cniVersions: ${shown(more)}, must be a list`);
  const given = [...(more ?? []), ...(single === "" ? [] : [single])].map((version: Json) => {
    if (typeof version === "string" && isVersion(version)) return version;
    throw new ConfError(`${shown(version)} is no CNI version: three numbers with dots, as "1.0.0"`);
  });
  const known =
    more === undefined ? given : given.filter((version) => compareVersions(version, newestVersion) <= 0);
  return known.toSorted(compareVersions).at(-1) ?? (single === "" ? "0.1.0" : single);
}

/** libcni takes the words, too. */
function flag(document: JsonObject, key: string): boolean {
  const value = document[key] ?? false;
  const word = typeof value === "string" ? value.toLowerCase() : value;
  if (word === true || word === "true") return true;
  if (word === false || word === "false") return false;
  throw new ConfError(`${key}: ${shown(value)}, must be true or false`);
}

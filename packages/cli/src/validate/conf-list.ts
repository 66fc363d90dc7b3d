import { isJsonObject, type Json, type JsonObject, shown } from "@cni-chain/core";
import { schema } from "../generated/conflist-schema.js";
import { capabilityFindings } from "./capabilities.ts";
import { type Element, misspeltListKeys, orderFindings, typeFindings, versionFindings } from "./chain.ts";
import { error, type Finding, type Path, type Placed, parsePath, warning } from "./finding.ts";
import { duplicateKeys } from "./keys.ts";
import { ours, pluginFindings } from "./ours.ts";
import { parseSource, place, type Source } from "./parse-source.ts";

/** What a file holds, and all that is wrong with it, in the order of its text. */
export interface Validated {
  /** Name of the network, where there is one. */
  readonly network?: string;
  readonly cniVersion?: string;
  /** A single plugin's configuration, not a list. */
  readonly single: boolean;
  /** The types of the plugins, in their order. */
  readonly plugins: readonly string[];
  readonly findings: readonly Placed[];
}

/** What stands in a directory beside a file. */
interface Beside {
  /** Networks of files before it, and these files. */
  readonly taken?: ReadonlyMap<string, string>;
  /** Whether there is a folder with plugins for a network of that name. */
  readonly hasFolder?: (network: string) => boolean;
}

/**
 * Checks the text of a conflist, or of a single plugin's configuration, of which the runtime makes a list of one.
 */
export function validate(text: string, { taken, hasFolder }: Beside = {}): Validated {
  const source = parseSource(text);
  if (!("json" in source)) return { single: false, plugins: [], findings: [source] };
  const { json } = source;
  if (!isJsonObject(json)) {
    return {
      single: false,
      plugins: [],
      findings: [place(source, error([], "a network configuration is a JSON object"))],
    };
  }
  const single = json["plugins"] === undefined && json["type"] !== undefined;
  const elements = elementsOf(json, single);
  const findings = [
    ...(single ? singleFindings(json) : listFindings(json, hasFolder)),
    ...sameName(json, taken),
    ...versionFindings(json, elements),
    ...orderFindings(elements),
    ...elements.flatMap((element) => elementFindings(element, json)),
    ...duplicateKeys(source.root, (path, key) => foldedKey(elements, path, key)),
  ];
  const { name, cniVersion } = json;
  return {
    ...(typeof name === "string" ? { network: name } : {}),
    ...(typeof cniVersion === "string" ? { cniVersion } : {}),
    single,
    plugins: elements.map(({ type }) => type),
    findings: inOrder(source, findings),
  };
}

function elementsOf(json: JsonObject, single: boolean): Element[] {
  const { plugins } = json;
  const all = single ? [json] : Array.isArray(plugins) ? plugins : [];
  return all.flatMap((document, index) => {
    if (!isJsonObject(document)) return [];
    const { type } = document;
    return typeof type === "string" ? [{ type, document, path: single ? [] : ["plugins", index] }] : [];
  });
}

/** What the schema says of the list itself; of its plugins it is only asked for their type here. */
function listFindings(json: JsonObject, hasFolder?: Beside["hasFolder"]): Finding[] {
  const { plugins } = json;
  const alone = Array.isArray(plugins)
    ? plugins.map((one) => ({ type: isJsonObject(one) ? one["type"] : "" }))
    : plugins;
  const document: Record<string, unknown> = { ...json, plugins: alone };
  // libcni 1.3: they may all stand in a folder that bears the network's name.
  const { name, loadOnlyInlinedPlugins: inlined } = json;
  if (plugins === undefined && inlined !== true && typeof name === "string" && hasFolder?.(name)) {
    document["plugins"] = [{ type: "" }];
  }
  // As good as none to runtime and plugins.
  if (json["cniVersion"] === "") delete document["cniVersion"];
  for (const key of ["disableCheck", "disableGC"]) {
    // libcni takes the words, too.
    if (/^(?:true|false)$/i.test(String(json[key]))) document[key] = true;
  }
  const known = [...Object.keys(schema.keys.properties ?? {}), "loadOnlyInlinedPlugins"];
  const misspelt = misspeltListKeys(json, known);
  return [
    ...schema
      .validate(document)
      .map(({ path, message }) => error(parsePath(path), message))
      // The field is there, under another name, which is told of.
      .filter(({ path }) => !misspelt.some(({ suggestion }) => suggestion === path[0])),
    ...misspelt.map((one) => (isRequired(one.suggestion) ? { ...one, severity: "error" as const } : one)),
    ...elementShapes(plugins),
  ];
}

function isRequired(key: string | undefined): boolean {
  return key === "name" || key === "plugins";
}

/** What the schema would say in the words of its own making. */
function elementShapes(plugins: Json | undefined): Finding[] {
  if (!Array.isArray(plugins)) return [];
  return plugins.flatMap((one: Json, index) => {
    if (!isJsonObject(one))
      return [error(["plugins", index], `${shown(one)} is not allowed, must be an object`)];
    if (one["type"] !== "") return [];
    return [error(["plugins", index, "type"], '"" is not allowed, must be the file name of a plugin')];
  });
}

function singleFindings(json: JsonObject): Finding[] {
  const { name, cniVersion, type = null } = json;
  const asList = {
    ...(name === undefined ? {} : { name }),
    ...(cniVersion === undefined ? {} : { cniVersion }),
    plugins: [{ type }],
  };
  const message =
    'a single plugin\'s configuration, which runtimes give up; make it a list: { "cniVersion", "name", "plugins": [ … ] }';
  return [
    ...listFindings(asList).map((one) => ({ ...one, path: one.path[0] === "plugins" ? ["type"] : one.path })),
    warning([], message),
  ];
}

function sameName({ name }: JsonObject, taken: Beside["taken"]): Finding[] {
  const other = typeof name === "string" ? taken?.get(name) : undefined;
  return other === undefined ? [] : [warning(["name"], `${other} has a network of that name, too`)];
}

function elementFindings(element: Element, list: JsonObject): Finding[] {
  const { type, document, path } = element;
  const plugin = ours.get(type);
  // As the runtime does: the list's name and version stand in every plugin's configuration.
  const { name = "net", cniVersion = "" } = list;
  return [
    ...typeFindings(element),
    ...(plugin === undefined ? [] : pluginFindings(plugin, document, { name, cniVersion }, path)),
    ...capabilityFindings(type, document, path),
  ];
}

/** Plugins of ours match their keys without case, so two spellings of one are the same key. */
function foldedKey(elements: readonly Element[], path: Path, key: string): string {
  const inside = elements.find(
    (one) => ours.has(one.type) && one.path.every((step, at) => path[at] === step),
  );
  return inside === undefined || path.slice(inside.path.length).includes("capabilities")
    ? key
    : key.toLowerCase();
}

function inOrder(source: Source, findings: readonly Finding[]): Placed[] {
  const seen = new Set<string>();
  return findings
    .map((finding) => place(source, finding))
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .filter(({ line, column, message }) => {
      const key = `${line}:${column}:${message}`;
      return !seen.has(key) && seen.add(key);
    });
}

import {
  isCniVersion,
  isJsonObject,
  type JsonObject,
  readResult,
  resultDocument,
  shown,
} from "@cni-chain/core";
import { Failure } from "../failure.ts";
import type { Attachment } from "./attachment.ts";
import { removeCacheEntry, writeCacheEntry } from "./cache.ts";
import { callPlugin, type Runtime } from "./call-plugin.ts";
import type { ConfList, PluginConf } from "./conf-list.ts";
import { PluginFailure } from "./plugin-failure.ts";
import { attachmentInput, pluginInput } from "./plugin-input.ts";
import { knows } from "./versions.ts";

/**
 * ADD of every plugin in order, each with the result of the one before, and the entry in the cache (libcni,
 * AddNetworkList). What was made before a failure stays: the caller DELs. Throws Failure.
 */
export async function addChain(
  list: ConfList,
  attachment: Attachment,
  runtime: Runtime,
): Promise<JsonObject> {
  let result: JsonObject | undefined;
  for (const plugin of list.plugins) {
    const printed = await call("ADD", list, plugin, attachment, result, runtime);
    if (!isJsonObject(printed)) {
      throw new PluginFailure(plugin.type, "ADD", `it printed ${shown(printed)}, a result is a JSON object`);
    }
    // As libcni: a result that names no version is one of the version asked for.
    const version = printed["cniVersion"] ?? "";
    result = version === "" ? { ...printed, cniVersion: list.cniVersion } : printed;
  }
  if (result === undefined) throw new Failure(`network ${list.name} has no plugin`);
  const { containerId, ifname, netns, cniArgs, capabilityArgs } = attachment;
  const entry = { network: list.name, containerId, ifname, netns, cniArgs, capabilityArgs, result };
  writeCacheEntry(runtime.cacheDir, { ...entry, configText: list.text });
  return result;
}

/** CHECK of every plugin in order, each with the chain's last result (CheckNetworkList). Throws Failure. */
export async function checkChain(
  list: ConfList,
  attachment: Attachment,
  cached: JsonObject,
  runtime: Runtime,
): Promise<void> {
  const result = atVersion(cached, list.cniVersion);
  for (const plugin of list.plugins) await call("CHECK", list, plugin, attachment, result, runtime);
}

/**
 * DEL of every plugin, backwards, and the entry of the cache (DelNetworkList). Ends at the first that fails, and keeps the entry
 * then: it can be repeated. Throws Failure.
 */
export async function delChain(
  list: ConfList,
  attachment: Attachment,
  cached: JsonObject | undefined,
  runtime: Runtime,
): Promise<void> {
  const known = cached !== undefined && knows(list.cniVersion, "resultAtDel");
  const result = known ? readable(cached, list.cniVersion) : undefined;
  for (const plugin of list.plugins.toReversed())
    await call("DEL", list, plugin, attachment, result, runtime);
  const { containerId, ifname } = attachment;
  removeCacheEntry(runtime.cacheDir, { network: list.name, containerId, ifname });
}

function call(
  verb: "ADD" | "CHECK" | "DEL",
  list: ConfList,
  plugin: PluginConf,
  attachment: Attachment,
  prevResult: JsonObject | undefined,
  runtime: Runtime,
) {
  const input = pluginInput(list, plugin, attachmentInput(plugin, attachment, prevResult));
  return callPlugin(verb, { type: plugin.type, input, attachment }, runtime);
}

/** A cached result in the list's version, which may have changed since. Throws Failure where it cannot be read. */
function atVersion(result: JsonObject, version: string): JsonObject {
  if (result["cniVersion"] === version || !isCniVersion(version)) return result;
  const read = readResult(result, version);
  if (read.ok) return resultDocument(read.value, version) as JsonObject;
  throw new Failure(
    "the cached result cannot be used",
    read.problems.map(({ path, message }) => `${path}: ${message}`),
  );
}

/** At DEL a result that cannot be read is none, as to libcni. */
function readable(result: JsonObject, version: string): JsonObject | undefined {
  try {
    return atVersion(result, version);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

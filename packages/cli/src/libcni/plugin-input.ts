import type { JsonObject } from "@cni-chain/core";
import type { Attachment } from "./attachment.ts";
import type { ConfList, PluginConf } from "./conf-list.ts";

export type Verb = "ADD" | "CHECK" | "DEL" | "GC" | "STATUS" | "VERSION";

/** The six variables that libcni sets; those of no attachment are empty. */
export function pluginEnv(
  verb: Verb,
  pluginDirs: readonly string[],
  attachment?: Attachment,
): Readonly<Record<string, string>> {
  return {
    CNI_COMMAND: verb,
    CNI_CONTAINERID: attachment?.containerId ?? "",
    CNI_NETNS: attachment?.netns ?? "",
    CNI_ARGS: (attachment?.cniArgs ?? []).map(([key, value]) => `${key}=${value}`).join(";"),
    CNI_IFNAME: attachment?.ifname ?? "",
    CNI_PATH: pluginDirs.join(":"),
  };
}

/** A plugin's entry with the list's name and version, and what belongs to the call (libcni, InjectConf). */
export function pluginInput(list: ConfList, plugin: PluginConf, more: JsonObject = {}): JsonObject {
  return { ...plugin.document, name: list.name, cniVersion: list.cniVersion, ...more };
}

/** What ADD, CHECK and DEL carry: the result before, and of the runtime's arguments those the plugin declares. */
export function attachmentInput(
  plugin: PluginConf,
  { capabilityArgs }: Attachment,
  prevResult: JsonObject | undefined,
): JsonObject {
  const offered = Object.entries(capabilityArgs).filter(([name]) => plugin.capabilities.includes(name));
  return {
    ...(prevResult === undefined ? {} : { prevResult }),
    ...(offered.length === 0 ? {} : { runtimeConfig: Object.fromEntries(offered) }),
  };
}

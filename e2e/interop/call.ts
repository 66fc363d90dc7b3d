import { join } from "node:path";
import { callPlugin, type PluginAnswer } from "../lib/binary.ts";
import { pluginConf, pluginEnv } from "../lib/chain.ts";
import type { PluginConf } from "../lib/cni.ts";
import type { Place } from "../lib/place.ts";
import type { Installation } from "../lib/reference.ts";
import type { Added } from "../lib/stage.ts";
import { beforeIfb } from "./trial.ts";

/** One plugin called for a pod that a chain has added, with what its chain has told of it. */
export function callFor(
  node: Place,
  { directory }: Installation,
  command: "ADD" | "CHECK" | "DEL",
  plugin: PluginConf,
  { attachment, result }: Added,
  env: Readonly<Record<string, string>> = {},
): Promise<PluginAnswer> {
  const prevResult = command === "ADD" ? beforeIfb(result) : result;
  const list = { cniVersion: "1.0.0", name: "net", plugins: [] };
  return callPlugin(node, {
    binary: join(directory, plugin.type),
    env: { ...pluginEnv(command, attachment, directory), ...env },
    stdin: pluginConf(list, plugin, attachment, prevResult),
  });
}

import { isJsonObject, type Json } from "@cni-chain/core";
import { Failure } from "../failure.ts";
import { callPlugin, type Runtime } from "./call-plugin.ts";
import type { ConfList } from "./conf-list.ts";
import { PluginFailure } from "./plugin-failure.ts";
import { pluginInput } from "./plugin-input.ts";

/** What a plugin said to a question that concerns no attachment. */
export type Asked<T> =
  | { readonly type: string; readonly ok: true; readonly value: T }
  | { readonly type: string; readonly ok: false; readonly failure: Failure };

/** STATUS of every plugin of the list (GetStatusNetworkList, but the others are asked past a failure, too). */
export function askStatus(list: ConfList, runtime: Runtime): Promise<readonly Asked<unknown>[]> {
  return each(list, (type, input) => callPlugin("STATUS", { type, input }, runtime));
}

/** The versions every plugin of the list supports. */
export function askVersions(list: ConfList, runtime: Runtime): Promise<readonly Asked<readonly string[]>[]> {
  return each(list, async (type) => {
    const input = { cniVersion: list.cniVersion };
    return versionsOf(type, await callPlugin("VERSION", { type, input }, runtime));
  });
}

async function each<T>(
  list: ConfList,
  ask: (type: string, input: ReturnType<typeof pluginInput>) => Promise<T>,
): Promise<readonly Asked<T>[]> {
  const asked: Asked<T>[] = [];
  for (const plugin of list.plugins) {
    const { type } = plugin;
    try {
      asked.push({ type, ok: true, value: await ask(type, pluginInput(list, plugin)) });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      asked.push({ type, ok: false, failure: error });
    }
  }
  return asked;
}

function versionsOf(type: string, answer: Json | undefined): readonly string[] {
  const versions = isJsonObject(answer) ? answer["supportedVersions"] : undefined;
  if (Array.isArray(versions)) return versions.map(String);
  throw new PluginFailure(type, "VERSION", "its answer has no supportedVersions");
}

import { bandwidth } from "@cni-chain/bandwidth/plugin";
import {
  CniError,
  checkConfig,
  type Definition,
  foldKeys,
  isCniVersion,
  isJsonObject,
  type JsonObject,
  type Plugin,
} from "@cni-chain/core";
import { loopback } from "@cni-chain/loopback/plugin";
import { backendFor } from "@cni-chain/portmap/backends";
import { portmap } from "@cni-chain/portmap/plugin";
import type { ConfList } from "../libcni/conf-list.ts";
import { pluginInput } from "../libcni/plugin-input.ts";
import type { DryPorts } from "../plan/ports.ts";
import type { PluginStatus } from "./facts.ts";

/** Our plugins over ports that change nothing. What tells the backend is looked at once for each way to want one. */
export function pluginsOver({ host, network }: Pick<DryPorts, "host" | "network">) {
  const { path } = host;
  const backends = new Map<string, ReturnType<typeof backendFor>>();
  return {
    portmap: portmap(async (wanted, warn) => {
      const key = JSON.stringify([wanted.backend, wanted.conditions, wanted.marking]);
      const found = backends.get(key) ?? backendFor(wanted, host, warn);
      backends.set(key, found);
      return { ...host, backend: await found };
    }),
    bandwidth: bandwidth({ byNetlink: async () => network, byTools: async () => network, path }),
    loopback: loopback({ byNetlink: async () => network.links, byTools: async () => network.links, path }),
  };
}

/** Asks every plugin of ours for its STATUS, with the configuration of each network that has it, else with the defaults. */
export async function askStatuses(
  lists: readonly ConfList[],
  ports: Pick<DryPorts, "host" | "network">,
): Promise<readonly PluginStatus[]> {
  const plugins = pluginsOver(ports);
  return [
    ...(await askAll(plugins.portmap, lists)),
    ...(await askAll(plugins.bandwidth, lists)),
    ...(await askAll(plugins.loopback, lists)),
  ];
}

async function askAll<Config>(plugin: Plugin<Config>, lists: readonly ConfList[]): Promise<PluginStatus[]> {
  const uses = lists.flatMap((list) =>
    list.plugins
      .filter(({ type }) => type === plugin.type)
      .map((conf) => ({ network: list.name, input: pluginInput(list, conf), version: list.cniVersion })),
  );
  const given = uses.length > 0 ? uses : [{ network: undefined, input: {}, version: "1.1.0" }];
  const answers: PluginStatus[] = [];
  for (const { network, input, version } of given) {
    const read = configOf(plugin, input);
    // What is wrong with the file is told of by the check of the networks.
    if (read === undefined) continue;
    const warnings: string[] = [];
    const cniVersion = isCniVersion(version) ? version : "1.1.0";
    const call = {
      network: network ?? "",
      config: read.value,
      cniVersion,
      warn: (text: string) => warnings.push(text),
    };
    const missing = await missingBy(() => plugin.status(call));
    answers.push({ plugin: plugin.type, network, missing, warnings });
  }
  return answers;
}

function configOf<Config>(definition: Definition<Config>, input: JsonObject) {
  const folded = foldKeys(input, definition.schema.keys);
  return isJsonObject(folded) ? checkConfig(definition, folded).read : undefined;
}

async function missingBy(ask: () => Promise<void>): Promise<readonly string[]> {
  try {
    await ask();
    return [];
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    const lines = error.details.split("\n").filter((line) => line !== "");
    return lines.length > 0 ? lines : [error.message];
  }
}

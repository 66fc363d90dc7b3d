import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { Failure } from "../failure.ts";
import { type ConfList, loadConfDir } from "../libcni/conf-list.ts";
import { findPlugin } from "../libcni/find-plugin.ts";
import { validate } from "../validate/conf-list.ts";
import type { MarkChain, MarkUse, NetworkFile } from "./facts.ts";

/** The files of the configuration directory, judged, and those that a runtime can use. No directory is no network. */
export async function readNetworks(
  confDir: string,
  pluginDirs: readonly string[],
): Promise<{ readonly files: readonly NetworkFile[]; readonly lists: readonly ConfList[] }> {
  const files = namesIn(confDir)
    .filter((name) => [".conflist", ".conf", ".json"].includes(extname(name)))
    .map((name) => {
      const file = join(confDir, name);
      const validated = validate(readFileSync(file, "utf8"));
      const types = [...new Set(validated.plugins)].filter((type) => type !== "");
      return { file, validated, missing: types.filter((type) => !isInstalled(type, pluginDirs)) };
    });
  return { files, lists: (await loadConfDir(confDir)).lists };
}

const defaultBit = 13;

/** The bits that portmap marks packets with, by the networks; the default where no network has portmap. */
export function markUses(lists: readonly ConfList[]): {
  readonly uses: readonly MarkUse[];
  readonly chains: readonly MarkChain[];
} {
  const networks = new Map<number, string[]>();
  const chains: MarkChain[] = [];
  for (const { name, plugins } of lists) {
    for (const { document } of plugins.filter(({ type }) => type === "portmap")) {
      if (document["backend"] === "nftables" || document["snat"] === false) continue;
      const { markMasqBit, externalSetMarkChain } = document;
      if (typeof externalSetMarkChain === "string")
        chains.push({ chain: externalSetMarkChain, network: name });
      else {
        const bit = typeof markMasqBit === "number" ? markMasqBit : defaultBit;
        networks.set(bit, [...(networks.get(bit) ?? []), name]);
      }
    }
  }
  return { chains, uses: [...networks].map(([bit, names]) => ({ bit, networks: names })) };
}

function isInstalled(type: string, pluginDirs: readonly string[]): boolean {
  try {
    findPlugin(type, pluginDirs);
    return true;
  } catch (error) {
    if (error instanceof Failure) return false;
    throw error;
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}

import type { Argv } from "yargs";
import { progressOn } from "../output/progress.ts";
import { printable } from "../output/table.ts";
import type { Terminal } from "../output/terminal.ts";
import { defaultCacheDir } from "./cache.ts";
import type { Runtime } from "./call-plugin.ts";
import { defaultConfDir } from "./conf-list.ts";
import { defaultPluginDir } from "./find-plugin.ts";

const group = "Where things lie:";

/** Adds the options of every command that runs a chain. */
export function chainOptions<T>(yargs: Argv<T>) {
  return yargs
    .option("conf-dir", {
      type: "string",
      default: defaultConfDir,
      describe: "networks, looked up by their name",
      group,
    })
    .option("plugin-dir", {
      type: "string",
      array: true,
      nargs: 1,
      defaultDescription: `CNI_PATH, or ${defaultPluginDir}`,
      describe: "plugins; may be given again",
      group,
    })
    .option("cache-dir", { type: "string", default: defaultCacheDir, describe: "libcni's cache", group });
}

export const networkPositional = {
  type: "string",
  demandOption: true,
  describe: "file of a conflist, or name of a network",
} as const;

export interface ChainWords {
  readonly pluginDir?: readonly string[] | undefined;
  readonly cacheDir: string;
}

/** CNI_PATH unless directories are given. */
export function pluginDirsOf({ pluginDir }: Pick<ChainWords, "pluginDir">): readonly string[] {
  if (pluginDir !== undefined && pluginDir.length > 0) return pluginDir;
  const fromEnv = (process.env["CNI_PATH"] ?? "").split(":").filter((directory) => directory !== "");
  return fromEnv.length > 0 ? fromEnv : [defaultPluginDir];
}

/** Lets plugins run while `work` goes on: in the tool's environment, their standard error passed on, with progress shown. */
export async function withRuntime<T>(
  words: ChainWords,
  terminal: Terminal,
  work: (runtime: Runtime) => Promise<T>,
): Promise<T> {
  // Slow to load, and most commands with these options run no plugin.
  const { execaRunner } = await import("@cni-chain/exec/execa");
  const progress = progressOn(terminal);
  try {
    return await work({
      pluginDirs: pluginDirsOf(words),
      cacheDir: words.cacheDir,
      runnerWith: (env) => execaRunner({ env: { ...process.env, ...env } }),
      tell(text) {
        progress.clear();
        if (text !== "") terminal.tell(text);
      },
      step: (verb, plugin) => progress.step(`${printable(plugin)} ${verb}`),
    });
  } finally {
    progress.stop();
  }
}

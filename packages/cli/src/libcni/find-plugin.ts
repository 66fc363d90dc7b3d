import { accessSync, constants, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Failure } from "../failure.ts";

/** The usual one of all runtimes. */
export const defaultPluginDir = "/opt/cni/bin";

/** Where distributions put plugins, and where this tool itself lies. */
const elsewhere = ["/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni", dirname(process.execPath)];

/** Path of a plugin's executable, the first directory that has one. Throws Failure. */
export function findPlugin(type: string, pluginDirs: readonly string[]): string {
  if (type.includes("/")) throw new Failure(`${type} is no name of a plugin: it may not hold a /`);
  const found = pluginDirs.find((directory) => isExecutable(join(directory, type)));
  if (found !== undefined) return join(found, type);
  const seen = elsewhere.find((directory) => isExecutable(join(directory, type)));
  throw new Failure(`there is no plugin ${type} in ${pluginDirs.join(", ")}`, [
    ...(seen === undefined ? [] : [`there is one in ${seen}: add --plugin-dir ${seen}`]),
  ]);
}

function isExecutable(path: string): boolean {
  try {
    if (!statSync(path).isFile()) return false;
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

import { readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { Failure } from "../failure.ts";
import { ConfError, type ConfList, parseConfList, parsePluginConf } from "./parse-conf-list.ts";

export type { ConfList, PluginConf } from "./parse-conf-list.ts";

/** Where runtimes keep their networks. */
export const defaultConfDir = "/etc/cni/net.d";

/** A file that holds no configuration. */
export interface ConfProblem {
  readonly file: string;
  readonly message: string;
}

/**
 * The list of a file (what has a `/` or ends in .conflist, .conf or .json) or of a network's name, which is looked up
 * in `confDir` as libcni does: lists before single plugins, in the order of file names. Throws Failure.
 */
export async function loadConfList(
  pathOrName: string,
  { confDir = defaultConfDir }: { readonly confDir?: string } = {},
): Promise<ConfList> {
  if (isPath(pathOrName)) return fromFile(pathOrName);
  const { lists, problems } = await loadConfDir(confDir);
  const found = lists.find(({ name }) => name === pathOrName);
  if (found !== undefined) return found;
  const names = [...new Set(lists.map(({ name }) => name))];
  throw new Failure(`there is no network ${pathOrName} in ${confDir}`, [
    names.length === 0 ? "it has no network at all; a path can be given, too" : `it has: ${names.join(", ")}`,
    ...problems.map(({ file, message }) => `not read: ${file}: ${message}`),
  ]);
}

/** Every network of a directory, in the order libcni looks for one; a directory that is not there is empty. */
export async function loadConfDir(
  confDir: string,
): Promise<{ readonly lists: readonly ConfList[]; readonly problems: readonly ConfProblem[] }> {
  const lists: ConfList[] = [];
  const problems: ConfProblem[] = [];
  for (const file of [...filesOf(confDir, [".conflist"]), ...filesOf(confDir, [".conf", ".json"])]) {
    try {
      lists.push(fromFile(file));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      problems.push({ file, message: error.details[0] ?? error.message });
    }
  }
  return { lists, problems };
}

/** The plugins that libcni adds to a list: those of `*.conf` in the folder of the network's name beside it. */
export function withFolder(list: ConfList, directory: string): ConfList {
  if (list.onlyInlined) return list;
  const folder = filesOf(join(directory, list.name), [".conf"]);
  return { ...list, plugins: [...list.plugins, ...folder.map((file) => reading(file, parsePluginConf))] };
}

const isPath = (text: string): boolean =>
  text.includes("/") || [".conflist", ".conf", ".json"].includes(extname(text));

function fromFile(file: string): ConfList {
  const list = { ...withFolder(reading(file, parseConfList), dirname(file)), file };
  if (list.plugins.length > 0) return list;
  throw new Failure(`${file} cannot be used`, ["plugins: there is none in the list"]);
}

function reading<T>(file: string, parse: (text: string) => T): T {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const known = error instanceof ConfError || error.name === "CniError" || "code" in error;
    if (!known) throw error;
    throw new Failure(`${file} cannot be used`, [error.message]);
  }
}

/** Files with one of the extensions, by name. */
function filesOf(directory: string, extensions: readonly string[]): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && extensions.includes(extname(entry.name)))
      .map((entry) => join(directory, entry.name))
      .sort();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw new Failure(`${directory} cannot be read`, [
      error instanceof Error ? error.message : String(error),
    ]);
  }
}

import { globSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { type Validated, validate } from "./conf-list.ts";

/** What became of one file. */
export interface FileReport extends Validated {
  readonly file: string;
  /** Its text, for showing lines of it. */
  readonly text: string;
  /** Why it could not be read. */
  readonly unreadable?: string;
}

/** The endings of files that runtimes load from a directory. */
const endings = [".conf", ".conflist", ".json"];

/** Checks files, all configurations in directories (as runtimes load them: sorted, by their endings). */
export function validateFiles(paths: readonly string[]): FileReport[] {
  return paths.flatMap((path) => {
    // Opened by its name it cannot be read where it is a socket.
    if (path === "/dev/stdin") return [validateFile(path, 0)];
    return isDirectory(path) ? validateDirectory(path) : [validateFile(path, path)];
  });
}

function validateDirectory(directory: string): FileReport[] {
  let files: readonly string[];
  try {
    files = confFiles(directory);
  } catch (error) {
    return [unread(directory, error)];
  }
  if (files.length === 0) return [unread(directory, `there is no ${endings.join(", ")} file in it`)];
  const taken = new Map<string, string>();
  return files.map((file) => {
    const report = validateFile(file, file, taken);
    if (report.network !== undefined && !taken.has(report.network)) taken.set(report.network, basename(file));
    return report;
  });
}

function validateFile(file: string, source: string | 0, taken?: ReadonlyMap<string, string>): FileReport {
  const hasFolder = (network: string) => globSync("*.conf", { cwd: join(dirname(file), network) }).length > 0;
  try {
    const text = readFileSync(source, "utf8");
    return { file, text, ...validate(text, { hasFolder, ...(taken === undefined ? {} : { taken }) }) };
  } catch (error) {
    return unread(file, error);
  }
}

function unread(file: string, error: unknown): FileReport {
  const unreadable = error instanceof Error ? error.message : String(error);
  return { file, text: "", single: false, plugins: [], findings: [], unreadable };
}

function confFiles(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && endings.includes(extname(entry.name)))
    .map((entry) => join(directory, entry.name))
    .sort();
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

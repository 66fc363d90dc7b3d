import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../failure.ts";
import { type CacheEntry, cacheFileName, parseCacheEntry, renderCacheEntry } from "./parse-cache-entry.ts";

/** libcni's own. */
export const defaultCacheDir = "/var/lib/cni";

/** An attachment of this node, by libcni's cache. */
export interface CachedAttachment extends CacheEntry {
  /** Path of the entry. */
  readonly file: string;
  /** When the entry was written: the end of its ADD, in milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** A file that no attachment can be read from, and why; also one of a libcni older than 0.8, which kept a result alone. */
export interface CacheProblem {
  readonly file: string;
  readonly message: string;
}

export interface Cache {
  /** By the name of their file. */
  readonly attachments: readonly CachedAttachment[];
  readonly problems: readonly CacheProblem[];
}

/**
 * All attachments that libcni's cache has, whichever runtime wrote them. No directory means none. Throws Failure where the
 * directory may not be read.
 */
export async function readCache(dir: string = defaultCacheDir): Promise<Cache> {
  const results = join(dir, "results");
  const attachments: CachedAttachment[] = [];
  const problems: CacheProblem[] = [];
  for (const name of namesIn(results)) {
    const file = join(results, name);
    try {
      const { mtimeMs } = statSync(file);
      attachments.push({ ...parseCacheEntry(readFileSync(file, "utf8")), file, modifiedMs: mtimeMs });
    } catch (error) {
      // Taken away meanwhile: its DEL is done.
      if (codeOf(error) === "ENOENT") continue;
      problems.push({ file, message: error instanceof Error ? error.message : String(error) });
    }
  }
  return { attachments, problems };
}

/** Writes an entry in one step, where no reader sees half of it or a file more. Throws Failure. */
export function writeCacheEntry(dir: string, entry: Omit<CacheEntry, "config">): void {
  const name = cacheFileName(entry);
  try {
    mkdirSync(join(dir, "results"), { recursive: true, mode: 0o700 });
    writeAtOnce(
      join(dir, "results", name),
      join(dir, `.cni-chain-${process.pid}-${name}`),
      renderCacheEntry(entry),
    );
  } catch (error) {
    throw notWritten(dir, error);
  }
}

function writeAtOnce(path: string, beside: string, text: string): void {
  try {
    writeFileSync(beside, text, { mode: 0o600 });
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
}

/** Takes an entry away; gone already is success. Throws Failure. */
export function removeCacheEntry(
  dir: string,
  entry: Pick<CacheEntry, "network" | "containerId" | "ifname">,
): void {
  try {
    rmSync(join(dir, "results", cacheFileName(entry)), { force: true });
  } catch (error) {
    throw notWritten(dir, error);
  }
}

function notWritten(dir: string, error: unknown): Failure {
  return new Failure(`the cache in ${dir} cannot be written`, [
    error instanceof Error ? error.message : String(error),
  ]);
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    if (codeOf(error) === "EACCES") {
      throw new Failure(`${directory} may not be read: libcni's cache is root's alone; try sudo`);
    }
    throw new Failure(`${directory} cannot be read`, [
      error instanceof Error ? error.message : String(error),
    ]);
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

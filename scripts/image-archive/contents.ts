import { realpathSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Entry } from "./entry.ts";

const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Path of a command of this machine. Throws with the Debian package that has it. */
export function commandPath(name: string, debianPackage: string): string {
  const found = Bun.which(name, { PATH: searchPath });
  if (found === null) throw new Error(`no ${name}: install Debian's ${debianPackage}`);
  return found;
}

/** A file under a name of its own, with the libraries it is linked to, at the paths they have here. */
export function program(from: string, path: string): Entry[] {
  return [{ kind: "file", path, mode: 0o755, from: realpathSync(from) }, ...libraries([from])];
}

/** The dynamic linker and the libraries of executables or libraries; none of what is linked statically. */
export function libraries(of: readonly string[]): Entry[] {
  if (of.length === 0) return [];
  const { stdout } = Bun.spawnSync(["ldd", ...of], {
    env: { PATH: searchPath, LC_ALL: "C" },
    stderr: "ignore",
  });
  const lines = stdout.toString().split("\n");
  const lost = lines.find((line) => line.includes("=> not found"));
  if (lost !== undefined) throw new Error(`a library is missing: ${lost.trim()}`);
  return lines.flatMap((line): Entry[] => {
    // A line that begins with a path and ends in a colon names the next file.
    const path = line.endsWith(":") ? undefined : line.match(/(\/[^ ]+) \(0x/)?.[1];
    return path === undefined
      ? []
      : [{ kind: "file", path: path.slice(1), mode: 0o755, from: realpathSync(path) }];
  });
}

/** Commands that are links to one program here are so in the image. */
export function commands(names: readonly string[], directory: string, debianPackage: string): Entry[] {
  return names.flatMap((name): Entry[] => {
    const real = realpathSync(commandPath(name, debianPackage));
    const entries = program(real, `${directory}/${basename(real)}`);
    if (basename(real) === name) return entries;
    return [...entries, { kind: "symlink", path: `${directory}/${name}`, target: basename(real) }];
  });
}

/**
 * The entries of a layer in a fixed order: each path once, directories in front of what is in them, and files that are
 * one file on this machine's disk as one in the image.
 */
export function layerOf(entries: readonly Entry[]): Entry[] {
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  for (const { path } of entries) {
    for (let at = dirname(path); at !== "."; at = dirname(at)) {
      if (!byPath.has(at)) byPath.set(at, { kind: "directory", path: at, mode: 0o755 });
    }
  }
  const firstOf = new Map<string, string>();
  return [...byPath.values()]
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map((entry) => {
      if (entry.kind !== "file") return entry;
      const { dev, ino } = statSync(entry.from);
      const first = firstOf.get(`${dev} ${ino}`);
      if (first !== undefined) return { kind: "hardlink", path: entry.path, mode: entry.mode, target: first };
      firstOf.set(`${dev} ${ino}`, entry.path);
      return entry;
    });
}

import { linkSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Inside } from "../../packages/core/src/about.ts";
import { deafen } from "../deafen.ts";
import { bunBuild, compiling } from "./bun-build.ts";
import type { Executable } from "./executables.ts";
import { whatIsInside } from "./inside.ts";

/** The Bun an executable is made of, and its architecture as Node names it. */
export interface Engine {
  readonly arch: "x64" | "arm64";
  readonly path: string;
}

/**
 * Compiles an executable into a folder, under those of its names that are wanted: one file with hard links. Whoever
 * runs the one that was there goes on with it. Gives what is inside.
 */
export function make(
  root: string,
  executable: Executable,
  names: readonly string[],
  folder: string,
  engine: Engine,
): Inside {
  const inside = whatIsInside(root, executable.entry, engine.arch);
  mkdirSync(folder, { recursive: true });
  const workshop = mkdtempSync(join(folder, ".making-"));
  try {
    // The file's name becomes a part of what is in it.
    const outfile = join(workshop, executable.name);
    bunBuild(root, executable.entry, [
      ...compiling,
      ...executable.flags,
      ...(engine.path === process.execPath
        ? []
        : [`--target=bun-linux-${engine.arch}`, `--compile-executable-path=${engine.path}`]),
      `--define=CNI_CHAIN_INSIDE=${JSON.stringify(inside)}`,
      `--outfile=${outfile}`,
    ]);
    deafen(outfile, engine.path);
    for (const name of names) {
      linkSync(outfile, `${outfile}.named`);
      renameSync(`${outfile}.named`, join(folder, name));
    }
  } finally {
    rmSync(workshop, { recursive: true });
  }
  return inside;
}

import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Component } from "../../packages/core/src/about.ts";

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
}

/** The folder of the package a file belongs to: the first above with a package.json that has a name and a version. */
export function packageAt(file: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    if (statSync(join(folder, "package.json"), { throwIfNoEntry: false }) === undefined) continue;
    const { name, version } = read(folder);
    if (name !== undefined && version !== undefined) return folder;
  }
  throw new Error(`${file} belongs to no package`);
}

/** Throws for a package without licence: it is not to be passed on. */
export function manifestOf(folder: string): Component {
  const { name, version, license } = read(folder);
  if (name === undefined || version === undefined || license === undefined) {
    throw new Error(`${folder}/package.json: a name, a version or a license is missing`);
  }
  return { name, version, licence: license };
}

function read(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

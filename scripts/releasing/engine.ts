import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../building/make.ts";
import { run } from "./run.ts";

/** Package and architecture as Node names it; the pinned version is that of the Bun which runs this. */
const packages: Readonly<Record<Engine["arch"], string>> = {
  x64: "@oven/bun-linux-x64",
  arm64: "@oven/bun-linux-aarch64",
};

/**
 * The Bun of an architecture: the one that runs this, or its package from npm, which is kept in .tools and compared
 * with the lockfile every time before it is unpacked into the folder.
 */
export function engineOf(root: string, arch: Engine["arch"], folder: string): Engine {
  if (arch === process.arch) return { arch, path: process.execPath };
  const name = packages[arch];
  const cache = join(root, ".tools", "engines");
  const tarball = join(cache, `${name.replace("@", "").replace("/", "-")}-${Bun.version}.tgz`);
  const wanted = integrityOf(readFileSync(join(root, "pnpm-lock.yaml"), "utf8"), `${name}@${Bun.version}`);
  if (statSync(tarball, { throwIfNoEntry: false }) === undefined) {
    mkdirSync(cache, { recursive: true });
    run(["npm", "pack", "--silent", "--pack-destination", cache, `${name}@${Bun.version}`]);
  }
  const found = `sha512-${createHash("sha512").update(readFileSync(tarball)).digest("base64")}`;
  if (found !== wanted) {
    rmSync(tarball);
    throw new Error(`${name}@${Bun.version} is not what pnpm-lock.yaml says: ${found} instead of ${wanted}`);
  }
  mkdirSync(folder, { recursive: true });
  run(["tar", "-xzf", tarball, "-C", folder, "--strip-components=2", "package/bin/bun"]);
  return { arch, path: join(folder, "bun") };
}

/** What the lockfile says a package's tarball hashes to, in the form of Subresource Integrity. */
function integrityOf(lockfile: string, id: string): string {
  const integrity = integrities(lockfile).get(id);
  if (integrity === undefined) throw new Error(`${id} is not in pnpm-lock.yaml`);
  return integrity;
}

/** Of every package of the lockfile, by `name@version`. */
export function integrities(lockfile: string): ReadonlyMap<string, string> {
  const entries = [
    ...lockfile.matchAll(/^ {2}'?([^\s':]+)'?:\n {4}resolution: \{integrity: (sha512-[^,}]+)/gm),
  ];
  return new Map(entries.map(([, id = "", integrity = ""]) => [id, integrity]));
}

import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import { Failure } from "../failure.ts";
import { confListLayout, layout } from "./layout.ts";
import { type Manifest, parseManifest } from "./manifest.ts";
import { installable, misnamedIn, type NameSaid } from "./misnamed.ts";
import type { ConfListFile, Observed } from "./observed.ts";
import type { SourcePlugin } from "./plan-install.ts";
import { type Hash, sha256OfText } from "./sha256.ts";

/** Throws Failure for a directory that is not there, or holds what no installation leaves. */
export async function observe(given: string, sha256Of: Hash, nameSaid: NameSaid): Promise<Observed> {
  const binDir = realDirectory(given, "make it, or name the runtime's own with --bin-dir");
  const at = layout(binDir);
  const present = new Map<string, string>();
  for (const type of installable) {
    const path = at.plugin(type);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isDirectory()) throw new Failure(`${path} is a directory, not a plugin`);
    if (found !== undefined) present.set(type, sha256Of(path));
  }
  const home = existsSync(at.home) ? readdirSync(at.home) : undefined;
  const misnamed = new Set((await misnamedIn(binDir, nameSaid)).map(({ type }) => type));
  return { binDir, manifest: readManifest(at.manifest), home, present, misnamed };
}

/** The plugins that lie in a directory. Throws Failure if one is missing, or the directory is the bin-dir itself. */
export function observeSources(
  given: string,
  types: readonly string[],
  binDir: string,
  sha256Of: Hash,
): SourcePlugin[] {
  const from = realDirectory(given, "name the directory the plugins lie in with --from");
  if (from === binDir) {
    throw new Failure(`the plugins to install lie in ${binDir} itself`, [
      "Name the directory of a release or a build with --from.",
    ]);
  }
  const missing = types.filter((type) => !existsSync(join(from, type)));
  if (missing.length > 0) {
    throw new Failure(`no ${missing.join(", ")} in ${from}`, [
      "The plugins are looked for beside cni-chain; name their directory with --from.",
    ]);
  }
  return types.map((type) => {
    const path = join(from, type);
    return { type, path, sha256: sha256Of(path) };
  });
}

/** Throws Failure where there is no such file, else what the file system says. */
export function observeConfList(given: string): ConfListFile {
  if (!existsSync(given)) {
    throw new Failure(`no such file: ${given}`, [
      "Nothing was changed; the main plugin's installer makes it.",
    ]);
  }
  const file = realpathSync(given);
  const text = readFileSync(file, "utf8");
  return { file, text, sha256: sha256OfText(text), hasOriginal: existsSync(confListLayout(file).original) };
}

/** Every configuration of a directory, and the manifest's conflists, as far as they are there. */
export function observeConfigured(confDir: string, manifest: Manifest | undefined): ConfListFile[] {
  const names = existsSync(confDir) ? readdirSync(confDir) : [];
  const files = names
    .filter((name) => [".conf", ".conflist", ".json"].includes(extname(name)))
    .map((name) => join(confDir, name));
  const all = [...files, ...Object.keys(manifest?.confLists ?? {})].filter(
    (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true,
  );
  return [...new Set(all.map((path) => realpathSync(path)))].map(observeConfList);
}

function readManifest(path: string): Manifest | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return parseManifest(readFileSync(path, "utf8"), path);
  } catch (error) {
    throw new Failure(`what was installed is not known: ${error instanceof Error ? error.message : path}`, [
      `Put the file right, or take it away: what lies beside it as NAME.replaced was there before.`,
    ]);
  }
}

function realDirectory(path: string, remedy: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new Failure(`no such directory: ${path}`, [remedy]);
  }
  return realpathSync(path);
}

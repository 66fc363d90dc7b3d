import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Every package.json that has the release's version, from the root of the repository, whose own comes first. */
export function manifests(root: string): readonly string[] {
  return ["package.json", ...[...new Bun.Glob("packages/*/package.json").scanSync(root)].sort()];
}

export function versionIn(root: string, manifest: string): string {
  return JSON.parse(readFileSync(join(root, manifest), "utf8")).version;
}

/**
 * The one version of everything here, which changesets keeps in the root's package.json.
 * @throws where a package, or the changelog, has another one
 */
export function releaseVersion(root: string): string {
  const version = versionIn(root, "package.json");
  const others = manifests(root).filter((manifest) => versionIn(root, manifest) !== version);
  if (others.length > 0)
    throw new Error(`not of version ${version}: ${others.join(", ")} (pnpm new-version)`);
  const logged = /^## (\S+)$/m.exec(readFileSync(join(root, "CHANGELOG.md"), "utf8"))?.[1];
  if (logged !== version)
    throw new Error(`CHANGELOG.md begins with ${logged}, not ${version} (pnpm new-version)`);
  return version;
}

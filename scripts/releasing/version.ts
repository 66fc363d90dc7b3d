import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Every package.json that has the release's version, from the root of the repository, whose own comes first. */
export function manifests(root: string): readonly string[] {
  return ["package.json", "e2e/package.json", ...found(root, "packages/*/package.json")];
}

/** Every file that names the image of this version: what is deployed, and how. */
export function deployments(root: string): readonly string[] {
  return found(root, "packages/cli/deploy/**/*.{yaml,md}").filter((file) =>
    imageTag.test(readFileSync(join(root, file), "utf8")),
  );
}

/** The image's tag, and what stands before it. */
const imageTag = /^( *(?:image: cni-chain:|newTag: ))(\S+)$/m;

export function withImageTag(text: string, version: string): string {
  return text.replaceAll(new RegExp(imageTag, "gm"), `$1${version}`);
}

const found = (root: string, pattern: string) => [...new Bun.Glob(pattern).scanSync(root)].sort();

export function versionIn(root: string, manifest: string): string {
  return JSON.parse(readFileSync(join(root, manifest), "utf8")).version;
}

/**
 * The one version of everything here, which changesets keeps in the root's package.json.
 * @throws where a package, the changelog, or a manifest of Kubernetes has another one
 */
export function releaseVersion(root: string): string {
  const version = versionIn(root, "package.json");
  const others = manifests(root).filter((manifest) => versionIn(root, manifest) !== version);
  if (others.length > 0)
    throw new Error(`not of version ${version}: ${others.join(", ")} (pnpm new-version)`);
  const tagged = deployments(root).filter((file) => {
    const text = readFileSync(join(root, file), "utf8");
    return withImageTag(text, version) !== text;
  });
  if (tagged.length > 0)
    throw new Error(`not the image of ${version}: ${tagged.join(", ")} (pnpm new-version)`);
  const logged = /^## (\S+)$/m.exec(readFileSync(join(root, "CHANGELOG.md"), "utf8"))?.[1];
  if (logged !== version)
    throw new Error(`CHANGELOG.md begins with ${logged}, not ${version} (pnpm new-version)`);
  return version;
}

// Gives every package, and the image that is deployed, the version that changesets has just given the root: they are
// released together, as one.
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { deployments, manifests, versionIn, withImageTag } from "./version.ts";

const root = resolve(import.meta.dir, "../..");
const version = versionIn(root, "package.json");
for (const manifest of manifests(root)) {
  const file = join(root, manifest);
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace(/^( {2}"version": ").*(",?)$/m, `$1${version}$2`));
}
for (const deployment of deployments(root)) {
  const file = join(root, deployment);
  writeFileSync(file, withImageTag(readFileSync(file, "utf8"), version));
}
console.log(version);

// Makes dist/release, or another folder that is named: an archive and a bill of materials for each architecture, and their
// sums. Architectures behind the folder are those to make; all without.
import { writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { architectures, type Released, release, sums } from "./release.ts";

const root = resolve(import.meta.dir, "../..");
const [chosen = join(root, "dist", "release"), ...wanted] = process.argv.slice(2);
const folder = resolve(chosen);
const unknown = wanted.filter((arch) => !Object.hasOwn(architectures, arch));
if (unknown.length > 0) throw new Error(`no architecture is named ${unknown.join(", ")}`);

const all: Released[] = [];
for (const arch of ["amd64", "arm64"] as const) {
  if (wanted.length > 0 && !wanted.includes(arch)) continue;
  const released = release(root, folder, arch);
  all.push(released);
  const { archive, bytes, unpacked, notRun } = released;
  const ran = notRun === undefined ? "every executable ran" : `not run: ${notRun}`;
  console.log(`${relative(root, join(folder, archive))}  ${mb(bytes)}, unpacked ${mb(unpacked)}; ${ran}`);
}
const files = all.flatMap(({ archive, bill }) => [archive, bill]);
writeFileSync(join(folder, "SHA256SUMS"), sums(folder, files));

function mb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Inside } from "../../packages/core/src/about.ts";
import { bunBuild } from "./bun-build.ts";
import { engineComponents } from "./engine-components.ts";
import { manifestOf, packageAt } from "./package-at.ts";

/** Bun's account of a build, as far as it is read here. */
interface Metafile {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
}

/** The packages of which an entry's bundle has code, and the engine, for one architecture. */
export function whatIsInside(root: string, entry: string, arch: string): Inside {
  const { version, licence } = manifestOf(root);
  return {
    version,
    licence,
    platform: `linux-${arch}`,
    packages: packagesIn(root, entry),
    engine: engineComponents(root),
  };
}

function packagesIn(root: string, entry: string) {
  const folder = mkdtempSync(join(tmpdir(), "cni-chain-inside-"));
  try {
    const account = join(folder, "metafile.json");
    bunBuild(root, entry, ["--target=bun", `--outdir=${folder}`, `--metafile=${account}`]);
    const { outputs }: Metafile = JSON.parse(readFileSync(account, "utf8"));
    const files = Object.values(outputs).flatMap(({ inputs }) =>
      Object.entries(inputs)
        .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
        .map(([file]) => join(root, file)),
    );
    const folders = new Set(files.map(packageAt));
    return [...folders].map((at) => manifestOf(at)).sort((a, b) => (a.name < b.name ? -1 : 1));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

import { createHash } from "node:crypto";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { executables } from "../building/executables.ts";
import { type Engine, make } from "../building/make.ts";
import type { Entry } from "../image-archive/entry.ts";
import { writeLayer } from "../image-archive/layer.ts";
import { billOfMaterials } from "./bill-of-materials.ts";
import { archiveEntries } from "./contents.ts";
import { engineOf, integrities } from "./engine.ts";
import { thirdParty } from "./third-party.ts";
import { tryArchive, whyNotRun } from "./try-archive.ts";
import { releaseVersion } from "./version.ts";

/** An architecture as releases name it, and as Node does. */
export const architectures = { amd64: "x64", arm64: "arm64" } as const;

export interface Released {
  /** Files' names, from the folder. */
  readonly archive: string;
  readonly bill: string;
  /** Bytes of the archive, and of what it unpacks to. */
  readonly bytes: number;
  readonly unpacked: number;
  /** Why its executables were not run; undefined where they were. */
  readonly notRun: string | undefined;
}

/** Makes, packs and tries what is released for one architecture. The same commit gives the same bytes. */
export function release(root: string, folder: string, arch: keyof typeof architectures): Released {
  const version = releaseVersion(root);
  const node: Engine["arch"] = architectures[arch];
  const workshop = mkdtempSync(join(tmpdir(), "cni-chain-release-"));
  try {
    const engine = engineOf(root, node, join(workshop, "engine"));
    const shipped = executables.map((executable) => {
      const { names } = executable;
      const inside = make(root, executable, names, workshop, engine);
      return { names, inside, sha256: sha256(join(workshop, names[0] ?? "")) };
    });
    const insides = shipped.map(({ inside }) => inside);
    const entries = archiveEntries(
      root,
      workshop,
      shipped.map(({ names }) => names),
      { version, arch, thirdParty: thirdParty(root, insides) },
    );
    const name = `cni-chain-linux-${arch}-v${version}`;
    const [archive, bill] = [`${name}.tgz`, `${name}.cdx.json`];
    mkdirSync(folder, { recursive: true });
    pack(entries, join(folder, archive));
    const lockfile = integrities(readFileSync(join(root, "pnpm-lock.yaml"), "utf8"));
    writeFileSync(
      join(folder, bill),
      `${JSON.stringify(billOfMaterials(version, arch, shipped, lockfile), undefined, 2)}\n`,
    );
    const unpacked = tryArchive(join(folder, archive), node, version);
    const { size: bytes } = statSync(join(folder, archive));
    return { archive, bill, bytes, unpacked, notRun: whyNotRun(node) };
  } finally {
    rmSync(workshop, { recursive: true });
  }
}

/** For `sha256sum -c`. */
export function sums(folder: string, files: readonly string[]): string {
  return files.map((file) => `${sha256(join(folder, file))}  ${file}\n`).join("");
}

function pack(entries: readonly Entry[], path: string): void {
  const file = openSync(path, "w");
  try {
    writeLayer(entries, true, (bytes) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    });
  } finally {
    closeSync(file);
  }
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

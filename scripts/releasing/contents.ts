import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Entry } from "../image-archive/entry.ts";

const texts = join(import.meta.dirname, "archive");

/**
 * What an archive holds, laid out as the reference's: the plugins at the top, so that it can be unpacked into the
 * directory of a node's plugins. A further name of a file is a hard link.
 * @param executables folders' files by their names, the first of each the one that is kept
 */
export function archiveEntries(
  root: string,
  folder: string,
  executables: readonly (readonly string[])[],
  names: { readonly version: string; readonly arch: string; readonly thirdParty: string },
): readonly Entry[] {
  const text = (path: string, content: string): Entry => ({ kind: "text", path, mode: 0o644, text: content });
  const readme = readFileSync(join(texts, "README.md"), "utf8")
    .replaceAll("VERSION", names.version)
    .replaceAll("ARCH", names.arch);
  return [
    ...executables.flatMap(([first = "", ...others]): Entry[] => [
      { kind: "file", path: first, mode: 0o755, from: join(folder, first) },
      ...others.map((path): Entry => ({ kind: "hardlink", path, mode: 0o755, target: first })),
    ]),
    text("LICENSE", readFileSync(join(root, "LICENSE"), "utf8")),
    text("README.md", readme),
    text("CHANGELOG.md", readFileSync(join(root, "CHANGELOG.md"), "utf8")),
    text("THIRD-PARTY.md", names.thirdParty),
    { kind: "directory", path: "examples", mode: 0o755 },
    ...readdirSync(join(texts, "examples"))
      .sort()
      .map((name) => text(`examples/${name}`, readFileSync(join(texts, "examples", name), "utf8"))),
  ];
}

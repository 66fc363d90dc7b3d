import { writeImage } from "../../../scripts/image-archive/archive.ts";
import { commandPath, layerOf, program } from "../../../scripts/image-archive/contents.ts";

/** The name under which runtimes know the image. */
export const image = "localhost/cni-chain-busybox:1";

/**
 * Writes the image of every pod and container as an archive that `ctr image import` and `podman load` read: one layer
 * with nothing but busybox and the libraries it may need, which sleeps unless a container has a command of its own.
 *
 * @param directory where the archive, busybox.tar, is made; returns its path
 * @throws if busybox is missing
 */
export function buildImage(directory: string): string {
  const path = `${directory}/busybox.tar`;
  const layer = layerOf([
    ...program(commandPath("busybox", "busybox-static"), "bin/busybox"),
    { kind: "symlink", path: "bin/sh", target: "busybox" },
    { kind: "directory", path: "tmp", mode: 0o755 },
    { kind: "directory", path: "www", mode: 0o755 },
  ]);
  const config = { Entrypoint: ["/bin/busybox"], Cmd: ["sleep", "1000000"] };
  writeImage(path, { name: image, config, layers: [layer] });
  return path;
}

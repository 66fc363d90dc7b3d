import type { Place } from "../../lib/place.ts";

/** The name under which runtimes know the image. */
export const image = "localhost/cni-chain-busybox:1";

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/**
 * Writes the image of every pod and container as an archive that `ctr image import` and `podman load` read: one layer
 * with nothing but busybox and the libraries it may need, which sleeps unless a container has a command of its own.
 *
 * @param directory where the archive, image.tar, is made; returns its path
 * @throws if busybox is missing
 */
export async function buildImage(place: Place, directory: string): Promise<string> {
  const config = {
    architecture: architectures[process.arch] ?? process.arch,
    os: "linux",
    config: { Entrypoint: ["/bin/busybox"], Cmd: ["sleep", "1000000"] },
    rootfs: { type: "layers", diff_ids: ["sha256:LAYER"] },
  };
  const manifest = [{ Config: "config.json", RepoTags: [image], Layers: ["layer.tar"] }];
  const documents = [config, manifest].map((document) => JSON.stringify(document));
  await place.run(["sh", "-ec", script, "build", directory, ...documents]);
  return `${directory}/image.tar`;
}

const script = `
mkdir -p "$1/image/bin" "$1/image/tmp" "$1/image/www"
cd "$1/image"
busybox=$(command -v busybox) || { echo "no busybox: install Debian's busybox-static" >&2; exit 1; }
cp "$busybox" bin/busybox
for library in $(ldd "$busybox" 2>/dev/null | grep -o '/[^ ]*'); do cp -L --parents "$library" .; done
ln -s busybox bin/sh
cd ..
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C image -cf layer.tar .
sum=$(sha256sum layer.tar)
printf %s "$2" | sed "s/LAYER/\${sum%% *}/" >config.json
printf %s "$3" >manifest.json
tar -cf image.tar manifest.json config.json layer.tar
rm -r image layer.tar config.json manifest.json`;

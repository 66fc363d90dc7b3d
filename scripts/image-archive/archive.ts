import { createHash } from "node:crypto";
import { closeSync, openSync, renameSync, writeSync } from "node:fs";
import type { Entry } from "./entry.ts";
import { type WrittenLayer, writeLayer } from "./layer.ts";
import { blockBytes, paddingOf, tarEnd, tarHeader } from "./tar-header.ts";

export interface Image {
  /** The name under which runtimes know it, with its tag. */
  readonly name: string;
  /** Runtime's settings, such as Entrypoint and Env. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly layers: readonly (readonly Entry[])[];
  /** Compress the layers: smaller and slower. */
  readonly compressed?: boolean;
}

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };
const mediaType = (what: string) => `application/vnd.oci.image.${what}`;

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/**
 * Writes an image of this machine's architecture as an OCI image layout in a tar archive, which `ctr images import`,
 * `podman load` and `docker load` read (the last by manifest.json, where it is older). The same content gives the same
 * bytes. The file is at its place once it is whole.
 *
 * Source: OCI image specification 1.1, image-layout.md, manifest.md, config.md.
 */
export function writeImage(path: string, { name, config, layers, compressed = false }: Image): void {
  const fresh = `${path}.part`;
  const file = openSync(fresh, "w");
  let end = 0;
  const append = (bytes: Uint8Array) => {
    writeAll(file, bytes, end);
    end += bytes.length;
  };
  const text = (path: string, content: string) => {
    const bytes = new TextEncoder().encode(content);
    append(tarHeader({ path, type: "file", mode: 0o644, bytes: bytes.length }));
    append(bytes);
    append(new Uint8Array(paddingOf(bytes.length)));
  };
  const json = (what: string, document: object): Blob => {
    const content = JSON.stringify(document);
    const digest = createHash("sha256").update(content).digest("hex");
    text(blobPath(digest), content);
    return { mediaType: mediaType(what), digest: `sha256:${digest}`, size: Buffer.byteLength(content) };
  };
  /** Its name is its digest, so its header is written when it is known. */
  const layer = (entries: readonly Entry[]): WrittenLayer => {
    const at = end;
    end += blockBytes;
    const written = writeLayer(entries, compressed, append);
    const { digest, bytes } = written;
    writeAll(file, tarHeader({ path: blobPath(digest), type: "file", mode: 0o644, bytes }), at);
    append(new Uint8Array(paddingOf(bytes)));
    return written;
  };
  try {
    const written = layers.map(layer);
    const platform = { architecture: architectures[process.arch] ?? process.arch, os: "linux" };
    const configBlob = json("config.v1+json", {
      ...platform,
      config,
      rootfs: { type: "layers", diff_ids: written.map(({ diffId }) => `sha256:${diffId}`) },
    });
    const manifest = json("manifest.v1+json", {
      schemaVersion: 2,
      mediaType: mediaType("manifest.v1+json"),
      config: configBlob,
      layers: written.map(({ digest, bytes }) => ({
        mediaType: mediaType(`layer.v1.tar${compressed ? "+gzip" : ""}`),
        digest: `sha256:${digest}`,
        size: bytes,
      })),
    });
    const annotations = { "io.containerd.image.name": name, "org.opencontainers.image.ref.name": name };
    text(
      "index.json",
      JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, platform, annotations }] }),
    );
    text("oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" }));
    const forDocker = {
      Config: blobPath(configBlob.digest.replace("sha256:", "")),
      RepoTags: [name],
      Layers: written.map(({ digest }) => blobPath(digest)),
    };
    text("manifest.json", JSON.stringify([forDocker]));
    append(tarEnd);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
}

const blobPath = (digest: string): string => `blobs/sha256/${digest}`;

function writeAll(file: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, position + at);
}

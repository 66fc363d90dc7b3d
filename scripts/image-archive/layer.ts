import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Entry } from "./entry.ts";
import { paddingOf, tarEnd, tarHeader } from "./tar-header.ts";

const pieceBytes = 4 << 20;

export interface WrittenLayer {
  /** Of what was written. */
  readonly digest: string;
  readonly bytes: number;
  /** Of the archive before it was compressed. */
  readonly diffId: string;
}

/** Writes a layer piece by piece; compressed, each piece is a member of its own (RFC 1952, section 2.2). */
export function writeLayer(
  entries: readonly Entry[],
  compressed: boolean,
  write: (bytes: Uint8Array) => void,
): WrittenLayer {
  const plain = createHash("sha256");
  const packed = createHash("sha256");
  let bytes = 0;
  let waiting = new Uint8Array(pieceBytes);
  let filled = 0;
  const flush = () => {
    const piece = waiting.subarray(0, filled);
    plain.update(piece);
    const out = compressed ? gzipSync(piece) : piece;
    packed.update(out);
    write(out);
    bytes += out.length;
    filled = 0;
    waiting = new Uint8Array(pieceBytes);
  };
  const put = (content: Uint8Array) => {
    for (let at = 0; at < content.length; ) {
      const part = content.subarray(at, at + pieceBytes - filled);
      waiting.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === pieceBytes) flush();
    }
  };
  for (const entry of entries) putEntry(entry, put);
  put(tarEnd);
  flush();
  return { digest: packed.digest("hex"), bytes, diffId: plain.digest("hex") };
}

function putEntry(entry: Entry, put: (content: Uint8Array) => void): void {
  const { path } = entry;
  if (entry.kind === "directory") put(tarHeader({ path, type: "directory", mode: entry.mode, bytes: 0 }));
  else if (entry.kind === "text") {
    const content = new TextEncoder().encode(entry.text);
    put(tarHeader({ path, type: "file", mode: entry.mode, bytes: content.length }));
    put(content);
    put(new Uint8Array(paddingOf(content.length)));
  } else if (entry.kind === "file") {
    const { size } = statSync(entry.from);
    put(tarHeader({ path, type: "file", mode: entry.mode, bytes: size }));
    putFile(entry.from, size, put);
    put(new Uint8Array(paddingOf(size)));
  } else {
    const mode = entry.kind === "hardlink" ? entry.mode : 0o777;
    put(tarHeader({ path, type: entry.kind, mode, bytes: 0, target: entry.target }));
  }
}

function putFile(path: string, size: number, put: (content: Uint8Array) => void): void {
  const piece = new Uint8Array(1 << 20);
  const file = openSync(path, "r");
  try {
    for (let left = size; left > 0; ) {
      const read = readSync(file, piece, 0, Math.min(piece.length, left), null);
      if (read === 0) throw new Error(`${path} became shorter while it was read`);
      put(piece.subarray(0, read));
      left -= read;
    }
  } finally {
    closeSync(file);
  }
}

import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";

/** SHA-256 of a file, in hex. */
export type Hash = (path: string) => string;

/** Hashes of files for one installation: of one with several names, or asked for again, once, unless it was written to. */
export function hashing(): Hash {
  const known = new Map<string, string>();
  return (path) => {
    const { dev, ino, size, mtimeNs } = statSync(path, { bigint: true });
    const file = `${dev} ${ino} ${size} ${mtimeNs}`;
    const hash = known.get(file) ?? sha256Of(path);
    known.set(file, hash);
    return hash;
  };
}

/** Read piece by piece: a plugin has 100 MB. */
function sha256Of(path: string): string {
  const hash = createHash("sha256");
  const piece = new Uint8Array(1 << 20);
  const file = openSync(path, "r");
  try {
    for (;;) {
      const read = readSync(file, piece);
      if (read === 0) return hash.digest("hex");
      hash.update(piece.subarray(0, read));
    }
  } finally {
    closeSync(file);
  }
}

export function sha256OfText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

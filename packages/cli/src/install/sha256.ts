import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";

/** SHA-256 of a file, in hex, read piece by piece: a plugin has 100 MB. */
export function sha256Of(path: string): string {
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

import { CryptoHasher } from "bun";

/** SHA-512 of the text's UTF-8, in lower-case hex. The engine's own costs nothing to load; node:crypto 3 ms. */
export function sha512Hex(text: string): string {
  return new CryptoHasher("sha512").update(text).digest("hex");
}

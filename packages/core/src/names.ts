import { sha512Hex } from "#sha512";

/**
 * Name of a kernel object that belongs to an attachment: prefix and SHA-512 of `text`, cut to `length`
 * characters. Same names as the reference plugins' (pkg/utils), which hash network name + container ID
 * with nothing between: `hashName(28, "CNI-DN-", network + containerId)`.
 */
export function hashName(length: number, prefix: string, text: string): string {
  return (prefix + sha512Hex(text)).slice(0, length);
}

const encoder = new TextEncoder();

export const blockBytes = 512;
const typeFlags = { file: "0", hardlink: "1", symlink: "2", directory: "5" } as const;

export interface Header {
  readonly path: string;
  readonly type: keyof typeof typeFlags;
  readonly mode: number;
  /** Of the content that follows, in bytes; links and directories have none. */
  readonly bytes: number;
  /** Of a link. */
  readonly target?: string;
}

/**
 * One block in POSIX ustar (IEEE Std 1003.1, pax, "ustar Interchange Format"): root's, at the beginning of 1970.
 * @throws for a name longer than 100 bytes, or a size of 8 GiB and more
 */
export function tarHeader({ path, type, mode, bytes, target = "" }: Header): Uint8Array {
  const name = type === "directory" ? `${path}/` : path;
  for (const text of [name, target]) {
    if (encoder.encode(text).length > 100) throw new Error(`too long for an archive: ${text}`);
  }
  if (bytes >= 8 ** 11) throw new Error(`too large for an archive: ${path}`);
  const block = new Uint8Array(blockBytes);
  const put = (text: string, at: number) => block.set(encoder.encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  put(name, 0);
  put(octal(mode, 7), 100);
  put(octal(0, 7), 108);
  put(octal(0, 7), 116);
  put(octal(bytes, 11), 124);
  put(octal(0, 11), 136);
  put(" ".repeat(8), 148);
  put(typeFlags[type], 156);
  put(target, 157);
  put("ustar\u000000", 257);
  const sum = block.reduce((all, byte) => all + byte, 0);
  put(`${octal(sum, 6)}\0 `, 148);
  return block;
}

/** How many zeros follow a content, so that the next header begins with a block. */
export const paddingOf = (bytes: number): number => (blockBytes - (bytes % blockBytes)) % blockBytes;

/** Two blocks of zeros. */
export const tarEnd = new Uint8Array(2 * blockBytes);

import type { Files } from "./files.ts";

/** No engine but Bun calls the C library here. */
export function libcFiles(): Files | undefined {
  return undefined;
}

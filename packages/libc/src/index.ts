import { libcFiles } from "#libc-files";
import type { Files } from "./files.ts";
import { nodeFiles } from "./node-files.ts";

export { errnoText } from "./errno.ts";
export { FileError, type Files, isAbsent } from "./files.ts";

/** The files of this process. */
export const files: Files = libcFiles() ?? nodeFiles();

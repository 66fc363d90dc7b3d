import { dirname } from "node:path";
import { Failure } from "../failure.ts";

const reasons: Readonly<Record<string, (path: string) => readonly [reason: string, remedy: string]>> = {
  ENOSPC: (path) => [
    `no space left for ${path}`,
    "The plugins need some 112 MB, and three times that where there are no hard links; nothing in use was touched.",
  ],
  EDQUOT: (path) => [`the quota leaves no space for ${path}`, "Nothing in use was touched."],
  EROFS: (path) => [
    `${dirname(path)} is read-only`,
    "Systems with a read-only /opt or /usr have another directory for plugins, which their runtime is told of: name it with --bin-dir.",
  ],
  EACCES: (path) => [`no right to write ${path}`, "Try as root, with sudo."],
  EPERM: (path) => [
    `not allowed to write ${path}`,
    "Try as root, with sudo; see whether the file is immutable (lsattr).",
  ],
};

/** What the file system refused, in words; anything else as it is. */
export function diskFailure(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  const path = "dest" in error ? error.dest : "path" in error ? error.path : "";
  const [reason, remedy] = reasons[String(error.code)]?.(String(path)) ?? [error.message];
  return new Failure(reason, [
    ...(remedy === undefined ? [] : [remedy]),
    "What was begun is finished, or undone, by running install or uninstall again.",
  ]);
}

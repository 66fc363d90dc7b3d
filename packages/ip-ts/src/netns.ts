import type { Command } from "@cni-chain/exec";
import { files, isAbsent } from "@cni-chain/libc";

/** `notANetns`: something is there, but it is no namespace (any more), as a file left by an unmount. */
export type NetnsState = "present" | "missing" | "notANetns";

/** NSFS_MAGIC of linux/magic.h: the file system whose files are namespaces. */
const nsfsMagic = 0x6e736673;

/**
 * What is at this path, told by the kind of its file system: no process is started. `present` may still be
 * a namespace of another type, which `nsenter` then refuses. Throws on any fault but absence (EACCES, ELOOP, …).
 */
export function netnsState(path: string): NetnsState {
  try {
    return files.fileSystem(path) === nsfsMagic ? "present" : "notANetns";
  } catch (error) {
    if (isAbsent(error)) return "missing";
    throw error;
  }
}

/**
 * The command, run in the network namespace at this path, as one process: `nsenter` becomes it.
 * Any path is safe, also one that begins with `-` or holds spaces. Throws TypeError on an empty one.
 */
export function inNetns(path: string, command: Command): Command {
  if (path === "") throw new TypeError("the path of the network namespace is empty");
  return { ...command, file: "nsenter", argv: [`--net=${path}`, "--", command.file, ...command.argv] };
}

import { dlopen } from "bun:ffi";
import { errnoOf, libcNames, openedLibc } from "./bun-libc.ts";

/** Of sys/file.h, and errno for a lock that another has. */
const LOCK_EX = 2;
const LOCK_NB = 4;
const EWOULDBLOCK = 11;

/**
 * Locks an open file or directory for its opener alone, until it is closed or the process ends. Does not wait: `held` is
 * somebody else's; `none` where library or file system have no locks.
 */
export function lock(descriptor: number): "locked" | "held" | "none" {
  const libc = openedLibc();
  const flock = openFlock();
  if (libc === undefined || flock === undefined) return "none";
  if (flock(descriptor, LOCK_EX | LOCK_NB) === 0) return "locked";
  return errnoOf(libc) === EWOULDBLOCK ? "held" : "none";
}

/** Apart from the rest of the library: cni-chain alone needs it, and each start of a plugin would pay for it. */
function openFlock() {
  for (const name of libcNames()) {
    try {
      return dlopen(name, { flock: { args: ["i32", "i32"], returns: "i32" } }).symbols.flock;
    } catch {
      // The other library, then.
    }
  }
  return undefined;
}

import { CniError, ErrorCode, hashName } from "@cni-chain/core";
import { openLockFile } from "@cni-chain/libc/byte-lock";

/**
 * The lock file of iptables-legacy, which it makes on first use: iptables locks it by flock(2), which knows nothing of the
 * locks of bytes in it. Where it is not, no tool waits for it.
 */
const path = "/run/xtables.lock";
const pauseMs = 10;

/**
 * Locks a container, by a byte of that file, and gives the descriptor its tools are to inherit; undefined without the file.
 * A plugin that is killed, as runtimes do with one that is late, leaves tools behind which still wait for iptables' lock, and
 * write once they have it: behind the DEL that comes next, if that did not wait for the last of them.
 * Throws CniError 11 where they outlive `timeoutMs`.
 */
export async function lockContainer(containerId: string, timeoutMs: number): Promise<number | undefined> {
  const file = openLockFile(path);
  if (file === undefined) return undefined;
  // A place is a positive number of 64 bits: 15 digits are 60.
  const place = BigInt(hashName(17, "0x", containerId));
  const ends = performance.now() + timeoutMs;
  while (!file.tryLock(place)) {
    if (performance.now() > ends) throw stillAtWork(containerId, timeoutMs);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return file.descriptor;
}

function stillAtWork(containerId: string, timeoutMs: number): CniError {
  return new CniError(
    ErrorCode.tryAgainLater,
    `tools of an earlier call for container ${containerId} are still at work after ${timeoutMs / 1000} s`,
    `They were left behind by a plugin that was killed, and have ${path} open.`,
  );
}

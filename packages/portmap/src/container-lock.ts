import { CniError, ErrorCode, hashName } from "@cni-chain/core";
import { openLockFile } from "@cni-chain/libc/byte-lock";

/**
 * The lock file of iptables-legacy, which it makes on first use: iptables locks it by flock(2), which knows nothing of the
 * locks of bytes in it. Where it is not, no tool waits for it.
 */
const path = "/run/xtables.lock";
const pauseMs = 10;

/** A container that nobody else works on. */
interface ContainerLock {
  /** What its tools are to inherit. */
  readonly descriptor: number;
  /** For when all its tools have come to their end: what they have started, and left running, is not waited for. */
  release(): void;
}

/**
 * Locks a container, by a byte of that file; undefined without the file.
 * A plugin that is killed, as runtimes do with one that is late, leaves tools behind which still wait for iptables' lock, and
 * write once they have it: behind the DEL that comes next, if that did not wait for the last of them.
 * Throws CniError 11 where they outlive `timeoutMs`.
 */
export async function lockContainer(
  containerId: string,
  timeoutMs: number,
): Promise<ContainerLock | undefined> {
  const file = openLockFile(path);
  if (file === undefined) return undefined;
  // A place is a positive number of 64 bits: 15 digits are 60.
  const place = BigInt(hashName(17, "0x", containerId));
  const ends = performance.now() + timeoutMs;
  while (!file.tryLock(place)) {
    if (performance.now() > ends) throw stillAtWork(containerId, timeoutMs);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return { descriptor: file.descriptor, release: () => file.unlock(place) };
}

function stillAtWork(containerId: string, timeoutMs: number): CniError {
  return new CniError(
    ErrorCode.tryAgainLater,
    `tools of an earlier call for container ${containerId} are still at work after ${Math.round(timeoutMs / 100) / 10} s`,
    `They were left behind by a plugin that was killed, and have ${path} open.`,
  );
}

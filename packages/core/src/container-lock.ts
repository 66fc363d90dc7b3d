import { openLockFile } from "@cni-chain/libc/byte-lock";
import { CniError, ErrorCode } from "./cni-error.ts";
import { hashName } from "./names.ts";

/**
 * Files that nobody has to make, or remove, for us. The first is there wherever the kernel has IPv4, each network namespace's
 * own; to open it for writing changes nothing. The second, where /proc/sys is read-only, is iptables-legacy's, which locks it by
 * flock(2) and knows nothing of the locks of bytes in it. It makes it on first use, between two calls, too: so it comes second.
 */
const [sysctl, legacyLock] = ["/proc/sys/net/ipv4/ip_forward", "/run/xtables.lock"] as const;
const pauseMs = 10;

/** A container that nobody else of the same plugin works on. */
export interface ContainerLock {
  /** What its tools are to inherit. */
  readonly descriptor: number;
  /** For when all its tools have come to their end: what they have started, and left running, is not waited for. */
  release(): void;
}

/**
 * Locks a container for a plugin, by a byte of such a file; undefined where neither is to be had.
 * Two calls at once would each take what the other has made for their own: what one takes back is then gone for both.
 * And a plugin that is killed, as runtimes do with one that is late, leaves tools behind which are at work, or still wait for
 * iptables' lock, and write once they have it: behind the DEL that comes next, if that did not wait for the last of them.
 * Throws CniError 11 where they outlive `timeoutMs`.
 */
export async function lockContainer(
  plugin: string,
  containerId: string,
  timeoutMs: number,
): Promise<ContainerLock | undefined> {
  const file = openLockFile(sysctl) ?? openLockFile(legacyLock);
  if (file === undefined) return undefined;
  // A place is a positive number of 64 bits: 15 digits are 60.
  const place = BigInt(hashName(17, "0x", `${plugin} ${containerId}`));
  const ends = performance.now() + timeoutMs;
  while (!file.tryLock(place)) {
    if (performance.now() > ends) throw stillAtWork(containerId, timeoutMs, file.path);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return { descriptor: file.descriptor, release: () => file.unlock(place) };
}

function stillAtWork(containerId: string, timeoutMs: number, path: string): CniError {
  return new CniError(
    ErrorCode.tryAgainLater,
    `an earlier call for container ${containerId}, or a tool that it started, is still at work after ${Math.round(timeoutMs / 100) / 10} s`,
    `A plugin that was killed leaves its tools behind. Whoever it is has ${path} open.`,
  );
}

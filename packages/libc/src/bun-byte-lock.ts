import { openedLibc } from "./bun-libc.ts";

/** Of asm-generic/fcntl.h: the numbers are the same on x86-64 and arm64. */
const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;
const F_OFD_SETLK = 37;
const [F_WRLCK, F_UNLCK] = [1, 2];
/** struct flock, the 64-bit one. */
const flockBytes = 32;
const at = { type: 0, start: 8, length: 16 } as const;

/** A file that is open for locks. */
export interface LockFile {
  readonly path: string;
  /** What inherits it has a part in its locks. */
  readonly descriptor: number;
  /**
   * Locks a byte, which need not exist; false while somebody else has it. An open file description lock, fcntl(2): it lasts
   * until the last process that has the descriptor, by inheritance, too, has ended.
   */
  tryLock(byte: bigint): boolean;
  /** Takes it from all that have inherited it, too. */
  unlock(byte: bigint): void;
}

/** Undefined where there is no such file, or none that can be written to. */
export function openLockFile(path: string): LockFile | undefined {
  const libc = openedLibc();
  const descriptor = libc?.open(new TextEncoder().encode(`${path}\0`), O_RDWR | O_CLOEXEC) ?? -1;
  if (libc === undefined || descriptor < 0) return undefined;
  const set = (type: number, byte: bigint) => {
    const request = new Uint8Array(flockBytes);
    const view = new DataView(request.buffer);
    view.setInt16(at.type, type, true);
    view.setBigInt64(at.start, byte, true);
    view.setBigInt64(at.length, 1n, true);
    return libc.fcntl(descriptor, F_OFD_SETLK, request) === 0;
  };
  return {
    path,
    descriptor,
    tryLock: (byte) => set(F_WRLCK, byte),
    unlock(byte) {
      set(F_UNLCK, byte);
    },
  };
}

import { openedLibc } from "./bun-libc.ts";

/** Of asm-generic/fcntl.h and linux/fcntl.h: the numbers are the same on x86-64 and arm64. */
const O_CLOEXEC = 0o2000000;
const F_GETPIPE_SZ = 1032;

/** The descriptors of a pipe, which no process inherits unless it is given one. */
export interface Pipe {
  readonly readEnd: number;
  readonly writeEnd: number;
  /** Bytes that can be written before anybody reads: mostly 65,536. */
  readonly capacity: number;
}

/** Undefined where there is none to be had. */
export function openPipe(): Pipe | undefined {
  const libc = openedLibc();
  const ends = new Int32Array(2);
  if (libc === undefined || libc.pipe2(ends, O_CLOEXEC) !== 0) return undefined;
  const [readEnd = -1, writeEnd = -1] = ends;
  return { readEnd, writeEnd, capacity: libc.fcntl(writeEnd, F_GETPIPE_SZ, null) };
}

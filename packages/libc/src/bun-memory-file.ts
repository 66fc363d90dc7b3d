import { openedLibc } from "./bun-libc.ts";
import { files } from "./index.ts";

/** Of linux/memfd.h, asm-generic/fcntl.h and unistd.h: the numbers are the same on x86-64 and arm64. */
const MFD_CLOEXEC = 1;
const F_SETFL = 4;
const O_APPEND = 0o2000;
const SEEK_SET = 0;
/** Of asm-generic/resource.h. */
const RLIMIT_FSIZE = 1;

/** A file without a name, for what a process writes; no process inherits it unless it is given it. */
export interface MemoryFile {
  readonly descriptor: number;
  /** All that has been written, as UTF-8. */
  read(): string;
  close(): void;
}

/** Undefined where there is none to be had. */
export function openMemoryFile(): MemoryFile | undefined {
  const libc = openedLibc();
  const descriptor = libc?.memfd_create(new TextEncoder().encode("output\0"), MFD_CLOEXEC) ?? -1;
  if (libc === undefined || descriptor < 0) return undefined;
  // So that a script that opens /dev/stderr anew leaves no hole behind.
  libc.fcntl(descriptor, F_SETFL, O_APPEND);
  return {
    descriptor,
    read() {
      // Whoever wrote has moved the place where reading goes on.
      libc.lseek(descriptor, 0, SEEK_SET);
      return files.readText(descriptor);
    },
    close: () => files.close(descriptor),
  };
}

/**
 * Does work that starts a process, which may then write so many bytes to any file, as to one in memory, which would else be
 * filled until the node has none left; and so may whatever it starts. More of them end it by SIGXFSZ.
 */
export function limitingFiles<T>(bytes: bigint, work: () => T): T {
  const libc = openedLibc();
  const own = fileLimits();
  if (libc === undefined || own === undefined || own.highest < bytes) return work();
  const limit = (now: bigint) => libc.prlimit(0, RLIMIT_FSIZE, new BigUint64Array([now, own.highest]), null);
  limit(bytes);
  try {
    return work();
  } finally {
    limit(own.now);
  }
}

/** Whether a process may be let write so many bytes to a file: this one's own limit is the highest there is for it. */
export function mayWrite(bytes: bigint): boolean {
  return (fileLimits()?.highest ?? 0n) >= bytes;
}

let known: { readonly now: bigint; readonly highest: bigint } | undefined;

/** Of this process, looked up once. */
function fileLimits() {
  if (known !== undefined) return known;
  const limits = new BigUint64Array(2);
  if (openedLibc()?.prlimit(0, RLIMIT_FSIZE, null, limits) !== 0) return undefined;
  const [now = 0n, highest = 0n] = limits;
  known = { now, highest };
  return known;
}

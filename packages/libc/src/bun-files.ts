import { errnoOf, type Libc, openedLibc } from "./bun-libc.ts";
import { FileError, type Files, isAbsent } from "./files.ts";

/** Of asm-generic/fcntl.h and unistd.h: the numbers are the same on x86-64 and arm64. */
const O_WRONLY = 1;
const O_TRUNC = 0o1000;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const X_OK = 1;
const AT_FDCWD = -100;
const [EINTR, EAGAIN] = [4, 11];

/** struct statx of linux/stat.h: what is asked for, and where it stands. */
const STATX_TYPE_INO = 0x101;
const statxBytes = 256;
const at = { mode: 28, inode: 32, major: 136, minor: 140 } as const;
const [kindMask, regular] = [0xf000, 0x8000];

/** struct pollfd of poll.h, and what is waited for. */
const pollfdBytes = 8;
const pollAt = { descriptor: 0, events: 4 } as const;
const POLLIN = 1;

/** Longest path the kernel takes, PATH_MAX. */
const pathBytes = 4096;
const chunkBytes = 65536;

/** Files by the C library; undefined where it cannot be called. node:fs takes 1.1 ms to load, this 0.2. */
export function libcFiles(): Files | undefined {
  const libc = openedLibc();
  return libc === undefined ? undefined : filesOf(libc);
}

function filesOf(libc: Libc): Files {
  const refused = (call: string) => new FileError(call, errnoOf(libc));

  const open = (path: string, flags: number): number => {
    const descriptor = libc.open(pathOf(path), flags | O_CLOEXEC);
    if (descriptor < 0) throw refused(`open '${path}'`);
    return descriptor;
  };
  const close = (descriptor: number) => {
    libc.close(descriptor);
  };
  const using = <T>(path: string, flags: number, work: (descriptor: number) => T): T => {
    const descriptor = open(path, flags);
    try {
      return work(descriptor);
    } finally {
      close(descriptor);
    }
  };
  /** A signal that came is no answer. */
  const transferred = (call: string, attempt: () => number | bigint): number => {
    for (;;) {
      const count = Number(attempt());
      if (count >= 0) return count;
      const error = refused(call);
      if (error.errno !== EINTR) throw error;
    }
  };
  const read = (descriptor: number, into: Uint8Array) =>
    transferred("read", () => libc.read(descriptor, into, into.length));
  const write = (descriptor: number, bytes: Uint8Array) =>
    transferred("write", () => libc.write(descriptor, bytes, bytes.length));
  /** False where nothing comes to a descriptor, and it does not end, within `ms`; for ever where that is not given. */
  const waitForInput = (descriptor: number, ms?: number): boolean => {
    const request = new DataView(new ArrayBuffer(pollfdBytes));
    request.setInt32(pollAt.descriptor, descriptor, true);
    request.setInt16(pollAt.events, POLLIN, true);
    return (
      libc.poll(new Uint8Array(request.buffer), 1, ms === undefined ? -1 : Math.max(0, Math.ceil(ms))) !== 0
    );
  };
  /** For one that does not wait by itself (O_NONBLOCK, which a parent may have set), this does. */
  const readWaiting = (descriptor: number, into: Uint8Array): number => {
    for (;;) {
      try {
        return read(descriptor, into);
      } catch (error) {
        if (!(error instanceof FileError && error.errno === EAGAIN)) throw error;
        waitForInput(descriptor);
      }
    }
  };
  const readAll = (descriptor: number, patienceMs?: number): string => {
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const chunk = new Uint8Array(chunkBytes);
    const ends = patienceMs === undefined ? undefined : performance.now() + patienceMs;
    const next = () =>
      ends === undefined || waitForInput(descriptor, ends - performance.now())
        ? readWaiting(descriptor, chunk)
        : 0;
    let text = "";
    for (let count = next(); count > 0; count = next()) {
      text += decoder.decode(chunk.subarray(0, count), { stream: true });
    }
    return text + decoder.decode();
  };
  const stat = (path: string): DataView => {
    const bytes = new Uint8Array(statxBytes);
    if (libc.statx(AT_FDCWD, pathOf(path), 0, STATX_TYPE_INO, bytes) < 0) throw refused(`stat '${path}'`);
    return new DataView(bytes.buffer);
  };

  return {
    readText: (from, patienceMs) =>
      typeof from === "number"
        ? readAll(from, patienceMs)
        : using(from, 0, (descriptor) => readAll(descriptor)),
    writeText(path, text) {
      const bytes = new TextEncoder().encode(text);
      using(path, O_WRONLY | O_TRUNC, (descriptor) => {
        for (let done = 0; done < bytes.length; ) done += write(descriptor, bytes.subarray(done));
      });
    },
    write,
    read(descriptor, into) {
      try {
        return read(descriptor, into);
      } catch (error) {
        if (error instanceof FileError && error.errno === EAGAIN) return undefined;
        throw error;
      }
    },
    open: (path) => open(path, O_NONBLOCK),
    close,
    identity(path) {
      try {
        const view = stat(path);
        const places = [at.major, at.minor, at.inode, at.inode + 4];
        let text = "";
        for (const place of places) text += `${view.getUint32(place, true)}:`;
        return text;
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
    exists: (path) => libc.access(pathOf(path), 0) === 0,
    isExecutable(path) {
      if (libc.access(pathOf(path), X_OK) !== 0) return false;
      try {
        return (stat(path).getUint16(at.mode, true) & kindMask) === regular;
      } catch {
        return false;
      }
    },
    fileSystem(path) {
      const bytes = new Uint8Array(statxBytes);
      if (libc.statfs(pathOf(path), bytes) < 0) throw refused(`statfs '${path}'`);
      return Number(new DataView(bytes.buffer).getBigInt64(0, true));
    },
    realPath(path) {
      const bytes = new Uint8Array(pathBytes);
      if (!libc.realpath(pathOf(path), bytes)) throw refused(`realpath '${path}'`);
      return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
    },
  };
}

/** With the zero it ends at. A zero inside would make it another path. */
function pathOf(path: string): Uint8Array {
  if (path.includes("\0")) throw new TypeError(`a path with a zero in it: ${JSON.stringify(path)}`);
  return new TextEncoder().encode(`${path}\0`);
}

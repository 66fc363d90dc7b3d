import { dlopen, read } from "bun:ffi";

/** The C library, glibc or musl. What returns a number gives -1 for a refusal, and errno then says why. */
export type Libc = NonNullable<ReturnType<typeof openLibc>>;

let opened: { readonly libc: Libc | undefined } | undefined;

/** Undefined where this engine cannot call it. Opened once. */
export function openedLibc(): Libc | undefined {
  opened ??= { libc: openLibc() };
  return opened.libc;
}

/** Number of the refusal that came last. */
export function errnoOf(libc: Libc): number {
  const place = libc.__errno_location();
  return typeof place === "number" ? read.i32(place) : 0;
}

/** The library's file name, which depends on the distribution. */
export function libcNames(): readonly string[] {
  const machine = process.arch === "x64" ? "x86_64" : "aarch64";
  return ["libc.so.6", `libc.musl-${machine}.so.1`];
}

function openLibc() {
  for (const name of libcNames()) {
    try {
      return dlopen(name, {
        open: { args: ["ptr", "i32"], returns: "i32" },
        close: { args: ["i32"], returns: "i32" },
        read: { args: ["i32", "ptr", "u64"], returns: "i64" },
        write: { args: ["i32", "ptr", "u64"], returns: "i64" },
        access: { args: ["ptr", "i32"], returns: "i32" },
        statx: { args: ["i32", "ptr", "i32", "u32", "ptr"], returns: "i32" },
        statfs: { args: ["ptr", "ptr"], returns: "i32" },
        realpath: { args: ["ptr", "ptr"], returns: "ptr" },
        pipe2: { args: ["ptr", "i32"], returns: "i32" },
        memfd_create: { args: ["ptr", "u32"], returns: "i32" },
        poll: { args: ["ptr", "u64", "i32"], returns: "i32" },
        lseek: { args: ["i32", "i64", "i32"], returns: "i64" },
        fcntl: { args: ["i32", "i32", "ptr"], returns: "i32" },
        socket: { args: ["i32", "i32", "i32"], returns: "i32" },
        prlimit: { args: ["i32", "i32", "ptr", "ptr"], returns: "i32" },
        setns: { args: ["i32", "i32"], returns: "i32" },
        setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
        __errno_location: { args: [], returns: "ptr" },
      }).symbols;
    } catch {
      // The other library, then.
    }
  }
  return undefined;
}

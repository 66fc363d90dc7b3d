import { dlopen, read } from "bun:ffi";
import { closeSync, constants, openSync, readSync, writeSync } from "node:fs";
import { NetlinkError } from "./errors.ts";
import type { OpenSocket, Socket } from "./socket.ts";

/** Of linux/netlink.h, linux/sched.h and asm-generic: the numbers are the same on x86-64 and arm64. */
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const CLONE_NEWNET = 0x40000000;
const SOL_NETLINK = 270;
/** NETLINK_CAP_ACK, _EXT_ACK, _GET_STRICT_CHK: short acknowledgements, with the kernel's own words; dumps of what is asked for alone. Older kernels lack some. */
const socketOptions = [10, 11, 12];

/** For reading, without waiting for anybody: a path given to us may be a pipe. */
const atOnce = constants.O_RDONLY | constants.O_NONBLOCK;
/** More than the kernel puts into one datagram, 32 KiB. */
const datagramBytes = 65536;

/**
 * Sockets of this process, over the C library (glibc or musl); undefined where this engine cannot call it.
 *
 * A socket stays in the namespace it was opened in. For another namespace the calling thread goes there, opens it and
 * comes back, without giving up control in between: setns(2) moves the calling thread alone, and it runs all JavaScript.
 *
 * @param home path of the namespace that stands for none given; without it, the process's own
 */
export function netlinkSockets(home?: string): OpenSocket | undefined {
  const libc = openLibc();
  if (libc === undefined) return undefined;
  return (netns = home) => socketOn(openIn(libc, netns), `socket in ${netns ?? "this namespace"}`);
}

type Libc = NonNullable<ReturnType<typeof openLibc>>;

function openLibc() {
  const machine = process.arch === "x64" ? "x86_64" : "aarch64";
  for (const name of ["libc.so.6", `libc.musl-${machine}.so.1`]) {
    try {
      return dlopen(name, {
        socket: { args: ["i32", "i32", "i32"], returns: "i32" },
        setns: { args: ["i32", "i32"], returns: "i32" },
        setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
        __errno_location: { args: [], returns: "ptr" },
      }).symbols;
    } catch {
      // The other library, then: which one there is depends on the distribution.
    }
  }
  return undefined;
}

/** True once the thread could not come back from another namespace: nothing may be done there by mistake. */
let lost = false;

function openIn(libc: Libc, netns: string | undefined): number {
  if (lost) throw new Error("the thread is in another network namespace and cannot come back");
  if (netns === undefined) return openHere(libc);
  const here = openSync("/proc/thread-self/ns/net", "r");
  try {
    const there = translated(`open ${netns}`, () => openSync(netns, atOnce));
    try {
      if (libc.setns(there, CLONE_NEWNET) !== 0) throw refused(libc, `setns ${netns}`);
    } finally {
      closeSync(there);
    }
    try {
      return openHere(libc);
    } finally {
      lost = libc.setns(here, CLONE_NEWNET) !== 0;
    }
  } finally {
    closeSync(here);
  }
}

function openHere(libc: Libc): number {
  const fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) throw refused(libc, "socket AF_NETLINK");
  const on = new Int32Array([1]);
  for (const option of socketOptions) libc.setsockopt(fd, SOL_NETLINK, option, on, 4);
  return fd;
}

function refused(libc: Libc, what: string): NetlinkError {
  const place = libc.__errno_location();
  return new NetlinkError(what, typeof place === "number" ? read.i32(place) : 0, undefined);
}

function socketOn(fd: number, what: string): Socket {
  const buffer = new Uint8Array(datagramBytes);
  return {
    send(message) {
      translated(`send to ${what}`, () => writeSync(fd, message));
    },
    receive() {
      const length = translated(`receive from ${what}`, () => readNow(fd, buffer));
      return length === undefined ? undefined : buffer.slice(0, length);
    },
    close: () => closeSync(fd),
  };
}

/** Undefined where nothing is there to be read. */
function readNow(fd: number, buffer: Uint8Array): number | undefined {
  try {
    return readSync(fd, buffer);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") return undefined;
    throw error;
  }
}

/** node:fs tells the errno as a negative number. */
function translated<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error && "errno" in error && typeof error.errno === "number") {
      throw new NetlinkError(what, Math.abs(error.errno), undefined);
    }
    throw error;
  }
}

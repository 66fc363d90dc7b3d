import { FileError, files } from "@cni-chain/libc";
import { errnoOf, type Libc, openedLibc } from "@cni-chain/libc/bun";
import { errno, NetlinkError, NoNetnsError } from "./errors.ts";
import { exchangeOver } from "./exchange.ts";
import { findLink } from "./links.ts";
import { type Listener, portsIn } from "./listener.ts";
import type { OpenSocket, Protocol, Socket } from "./socket.ts";

/** Of linux/netlink.h, linux/sched.h and asm-generic: the numbers are the same on x86-64 and arm64. */
const AF_NETLINK = 16;
/** NETLINK_ROUTE and NETLINK_NETFILTER. */
const protocols: Readonly<Record<Protocol, number>> = { route: 0, netfilter: 12 };
const SOCK_RAW = 3;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const CLONE_NEWNET = 0x40000000;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
/** NETLINK_CAP_ACK, _EXT_ACK, _GET_STRICT_CHK: short acknowledgements, with the kernel's own words; dumps of what is asked for alone. Older kernels lack some. */
const socketOptions = [10, 11, 12];

/** More than the kernel puts into one datagram, 32 KiB. */
const datagramBytes = 65536;

/**
 * Sockets of this process, over the C library; undefined where this engine cannot call it.
 *
 * A socket stays in the namespace it was opened in. For another namespace the calling thread goes there, opens it and
 * comes back, without giving up control in between: setns(2) moves the calling thread alone, and it runs all JavaScript.
 *
 * @param home path of the namespace that stands for none given; without it, the process's own
 */
export function netlinkSockets(home?: string): OpenSocket | undefined {
  const libc = openedLibc();
  if (libc === undefined) return undefined;
  return (netns = home, protocol = "route") =>
    socketOn(openIn(libc, netns, protocol), `socket in ${netns ?? "this namespace"}`);
}

/**
 * Listens to multicast groups of rtnetlink in this namespace; undefined where this engine cannot call the C library.
 * Throws NetlinkError.
 */
export function netlinkListener(groups: readonly number[]): Listener | undefined {
  const libc = openedLibc();
  if (libc === undefined) return undefined;
  const fd = openHere(libc, "route");
  const socket = socketOn(fd, "listening socket");
  // What is sent first gives the socket its address, without which the kernel's own messages pass it by.
  findLink(exchangeOver(socket), { name: "lo" });
  for (const group of groups) {
    if (libc.setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, new Int32Array([group]), 4) !== 0) {
      throw refused(libc, `join group ${group}`);
    }
  }
  return {
    heard(own) {
      let heard = false;
      for (;;) {
        try {
          const datagram = socket.receive();
          if (datagram === undefined) return heard;
          heard ||= own === undefined || portsIn(datagram).some((port) => !own.has(port));
        } catch (error) {
          if (!(error instanceof NetlinkError) || error.errno !== errno.ENOBUFS) throw error;
          heard = true;
        }
      }
    },
    close: () => socket.close(),
  };
}

/** Of the thread that runs all JavaScript. */
const ownNetns = "/proc/thread-self/ns/net";

/** Set once the thread could not come back from another namespace: nothing may be done there by mistake. */
let lost: NetlinkError | undefined;

function openIn(libc: Libc, netns: string | undefined, protocol: Protocol): number {
  if (lost !== undefined) throw lost;
  if (netns === undefined) return openHere(libc, protocol);
  const here = translated(`open ${ownNetns}`, () => files.open(ownNetns));
  try {
    const there = opened(netns);
    try {
      if (libc.setns(there, CLONE_NEWNET) !== 0) throw notEntered(libc, netns);
    } finally {
      files.close(there);
    }
    try {
      return openHere(libc, protocol);
    } finally {
      if (libc.setns(here, CLONE_NEWNET) !== 0) lost = refused(libc, `setns back from ${netns}`);
    }
  } finally {
    files.close(here);
  }
}

function opened(netns: string): number {
  const what = `open ${netns}`;
  try {
    return translated(what, () => files.open(netns));
  } catch (error) {
    const isGone = error instanceof NetlinkError && error.errno === errno.ENOENT;
    throw isGone ? new NoNetnsError(netns, what, error.errno) : error;
  }
}

function notEntered(libc: Libc, netns: string): NetlinkError {
  const error = refused(libc, `setns ${netns}`);
  return error.errno === errno.EINVAL ? new NoNetnsError(netns, error.what, error.errno) : error;
}

function openHere(libc: Libc, protocol: Protocol): number {
  const fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocols[protocol]);
  if (fd < 0) throw refused(libc, "socket AF_NETLINK");
  const on = new Int32Array([1]);
  for (const option of socketOptions) libc.setsockopt(fd, SOL_NETLINK, option, on, 4);
  return fd;
}

function refused(libc: Libc, what: string): NetlinkError {
  return new NetlinkError(what, errnoOf(libc), undefined);
}

function socketOn(fd: number, what: string): Socket {
  const buffer = new Uint8Array(datagramBytes);
  return {
    send(message) {
      translated(`send to ${what}`, () => files.write(fd, message));
    },
    receive() {
      const length = translated(`receive from ${what}`, () => files.read(fd, buffer));
      return length === undefined ? undefined : buffer.slice(0, length);
    },
    close: () => files.close(fd),
  };
}

function translated<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof FileError) throw new NetlinkError(what, error.errno, undefined);
    throw error;
  }
}

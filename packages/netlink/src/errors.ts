/** Those of errno(3) that the kernel's routing code gives; numbers of x86-64 and arm64. */
const names: Readonly<Record<number, readonly [name: string, meaning: string]>> = {
  1: ["EPERM", "operation not permitted"],
  2: ["ENOENT", "no such object"],
  3: ["ESRCH", "no such object"],
  9: ["EBADF", "bad file descriptor"],
  11: ["EAGAIN", "try again"],
  12: ["ENOMEM", "out of memory"],
  13: ["EACCES", "permission denied"],
  16: ["EBUSY", "device or resource busy"],
  17: ["EEXIST", "exists already"],
  19: ["ENODEV", "no such device"],
  22: ["EINVAL", "invalid argument"],
  23: ["ENFILE", "too many open files in system"],
  24: ["EMFILE", "too many open files"],
  28: ["ENOSPC", "no space left"],
  33: ["EDOM", "argument out of domain"],
  34: ["ERANGE", "out of range"],
  90: ["EMSGSIZE", "message too long"],
  93: ["EPROTONOSUPPORT", "protocol not supported"],
  95: ["EOPNOTSUPP", "operation not supported"],
  97: ["EAFNOSUPPORT", "address family not supported"],
  105: ["ENOBUFS", "no buffer space"],
};

export const errno = { EPERM: 1, ENOENT: 2, EAGAIN: 11, ENODEV: 19, EINVAL: 22, ENOBUFS: 105 } as const;

/** The kernel, or the socket to it, has not done what was asked. Has the shape of a tool's failure. */
export class NetlinkError extends Error {
  override readonly name = "NetlinkError";
  /** What was asked, as `ip` or `tc` would take it. */
  readonly what: string;
  /** 0 where the answer itself was at fault. */
  readonly errno: number;

  /** @param reason the kernel's own words, or ours where the answer was at fault */
  constructor(what: string, number: number, reason: string | undefined) {
    const [name = `errno ${number}`, meaning] = names[number] ?? [];
    const known = meaning === undefined ? name : `${name}, ${meaning}`;
    const said =
      number === 0 ? (reason ?? "no answer") : reason === undefined ? known : `${known}: ${reason}`;
    super(`rtnetlink: ${said} (${what})`);
    this.what = what;
    this.errno = number;
  }

  /** As of a tool: whether trying again may help. */
  get failure(): "tryAgain" | "failed" {
    return this.errno === errno.EAGAIN || this.errno === errno.ENOBUFS ? "tryAgain" : "failed";
  }

  get details(): string {
    return `request: ${this.what}`;
  }
}

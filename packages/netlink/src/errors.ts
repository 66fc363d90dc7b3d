import { errnoText } from "@cni-chain/libc";

/** Numbers of errno(3) that are decided by. */
export const errno = {
  EPERM: 1,
  ENOENT: 2,
  EAGAIN: 11,
  EACCES: 13,
  ENODEV: 19,
  EINVAL: 22,
  ENETUNREACH: 101,
  ENOBUFS: 105,
  EHOSTUNREACH: 113,
} as const;

/** The kernel, or the socket to it, has not done what was asked. Has the shape of a tool's failure. */
export class NetlinkError extends Error {
  override readonly name = "NetlinkError";
  /** What was asked, as `ip` or `tc` would take it. */
  readonly what: string;
  /** 0 where the answer itself was at fault. */
  readonly errno: number;

  /** @param reason the kernel's own words, or ours where the answer was at fault */
  constructor(what: string, number: number, reason: string | undefined) {
    const known = errnoText(number);
    const said =
      number === 0 ? (reason ?? "no answer") : reason === undefined ? known : `${known}: ${reason}`;
    super(`rtnetlink: ${said} (${what})`);
    this.what = what;
    this.errno = number;
  }

  /** As of a tool: whether trying again may help. */
  get failure(): "tryAgain" | "noContainer" | "failed" {
    return this.errno === errno.EAGAIN || this.errno === errno.ENOBUFS ? "tryAgain" : "failed";
  }

  get details(): string {
    return `request: ${this.what}`;
  }
}

/** There is no network namespace at a path: nothing at all, or, by an unmount or from the start, something else. */
export class NoNetnsError extends NetlinkError {
  constructor(path: string, what: string, number: number) {
    super(what, number, undefined);
    this.message = `there is no network namespace ${path}: ${errnoText(number)}`;
  }

  override get failure(): "noContainer" {
    return "noContainer";
  }
}

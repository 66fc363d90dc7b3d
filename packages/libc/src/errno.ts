/** Those of errno(3) that files and rtnetlink give; the numbers are the same on x86-64 and arm64. */
const known: Readonly<Record<number, readonly [name: string, meaning: string]>> = {
  1: ["EPERM", "operation not permitted"],
  2: ["ENOENT", "no such object"],
  3: ["ESRCH", "no such object"],
  4: ["EINTR", "interrupted"],
  5: ["EIO", "input or output failed"],
  9: ["EBADF", "bad file descriptor"],
  11: ["EAGAIN", "try again"],
  12: ["ENOMEM", "out of memory"],
  13: ["EACCES", "permission denied"],
  16: ["EBUSY", "device or resource busy"],
  17: ["EEXIST", "exists already"],
  19: ["ENODEV", "no such device"],
  20: ["ENOTDIR", "not a directory"],
  21: ["EISDIR", "is a directory"],
  22: ["EINVAL", "invalid argument"],
  23: ["ENFILE", "too many open files in system"],
  24: ["EMFILE", "too many open files"],
  28: ["ENOSPC", "no space left"],
  30: ["EROFS", "read-only file system"],
  32: ["EPIPE", "nobody reads any more"],
  33: ["EDOM", "argument out of domain"],
  34: ["ERANGE", "out of range"],
  36: ["ENAMETOOLONG", "name too long"],
  40: ["ELOOP", "too many links to follow"],
  90: ["EMSGSIZE", "message too long"],
  93: ["EPROTONOSUPPORT", "protocol not supported"],
  95: ["EOPNOTSUPP", "operation not supported"],
  97: ["EAFNOSUPPORT", "address family not supported"],
  105: ["ENOBUFS", "no buffer space"],
};

/** `ENOENT` for 2; `errno 99` for one that is not known here. */
export function errnoName(number: number): string {
  return known[number]?.[0] ?? `errno ${number}`;
}

/** Name and meaning: `ENOENT, no such object`. */
export function errnoText(number: number): string {
  return known[number]?.join(", ") ?? `errno ${number}`;
}

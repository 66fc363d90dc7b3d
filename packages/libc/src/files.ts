import { errnoName, errnoText } from "./errno.ts";

/** The few things the plugins do with files. All follow links; all but those said otherwise throw FileError. */
export interface Files {
  /**
   * All of a file, or what comes from a descriptor until its end, as UTF-8. Waits for it; but of a descriptor, where
   * `patienceMs` is given and the engine can call the C library, only so long for all of it.
   */
  readText(from: string | number, patienceMs?: number): string;
  /** Puts the text in the place of what a file holds; one that is not there is not made. */
  writeText(path: string, text: string): void;
  /** Writes some of the bytes and gives how many; EAGAIN where the descriptor does not wait and is full. */
  write(descriptor: number, bytes: Uint8Array): number;
  /** What comes at once, and how many bytes it is; undefined where a descriptor that does not wait has nothing. */
  read(descriptor: number, into: Uint8Array): number | undefined;
  /** For reading; does not wait for anybody, be it a pipe. */
  open(path: string): number;
  close(descriptor: number): void;
  /** What tells one file from another (device and inode); undefined where there is none. */
  identity(path: string): string | undefined;
  /** True for a file of any kind. Never throws. */
  exists(path: string): boolean;
  /** True for a regular file that this process may execute. Never throws. */
  isExecutable(path: string): boolean;
  /** Magic number of the file system a file is on (linux/magic.h). */
  fileSystem(path: string): number;
  /** The path without links. */
  realPath(path: string): string;
}

/** A call that the kernel refused; message and `code` as node:fs gives them. */
export class FileError extends Error {
  override readonly name = "FileError";
  /** `ENOENT`, … */
  readonly code: string;
  readonly errno: number;

  /** @param call what was tried on what, as `open '/proc/version'` */
  constructor(call: string, number: number) {
    super(`${errnoText(number)}: ${call}`);
    this.code = errnoName(number);
    this.errno = number;
  }
}

/** True for the error of a path that leads nowhere. */
export function isAbsent(error: unknown): boolean {
  return error instanceof FileError && ["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(error.code);
}

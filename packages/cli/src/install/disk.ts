import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";

/** Everything an installation does to a file system, one operation of the kernel's a function. */
export interface Disk {
  /** Nothing if it is there. */
  makeDirectory(path: string): void;
  copyFile(from: string, to: string): void;
  writeFile(path: string, text: string): void;
  /** Throws where the file system has no second names. */
  link(from: string, to: string): void;
  /** Owner and mode of another file. */
  likeness(path: string, like: string): void;
  /** Mode 0755, and root's where we are root. */
  executable(path: string): void;
  /** What is there is on the disk when this returns: a file's content, a directory's names. */
  sync(path: string): void;
  rename(from: string, to: string): void;
  /** Nothing if it is gone. */
  remove(path: string): void;
  /** Nothing if it is gone. */
  removeDirectory(path: string): void;
}

export const realDisk: Disk = {
  makeDirectory: (path) => {
    mkdirSync(path, { recursive: true, mode: 0o755 });
  },
  copyFile: (from, to) => copyFileSync(from, to, constants.COPYFILE_FICLONE),
  writeFile: (path, text) => writeFileSync(path, text, { mode: 0o644 }),
  link: linkSync,
  likeness(path, like) {
    const { uid, gid, mode } = statSync(like);
    if (process.getuid?.() === 0) chownSync(path, uid, gid);
    chmodSync(path, mode & 0o7777);
  },
  executable(path) {
    if (process.getuid?.() === 0) chownSync(path, 0, 0);
    chmodSync(path, 0o755);
  },
  sync(path) {
    const file = openSync(path, "r");
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  },
  rename: renameSync,
  remove: (path) => rmSync(path, { force: true }),
  removeDirectory(path) {
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) rmdirSync(path);
  },
};

import { FileError, type Files, isAbsent } from "./files.ts";

/** By node:fs, which is loaded only when this is called: for engines that cannot call the C library. */
export function nodeFiles(): Files {
  const fs = process.getBuiltinModule("node:fs");
  const { O_RDONLY, O_NONBLOCK, O_WRONLY, O_TRUNC, X_OK } = fs.constants;
  return {
    readText: (from) => translated(() => fs.readFileSync(from, "utf8")),
    writeText(path, text) {
      translated(() => {
        const descriptor = fs.openSync(path, O_WRONLY | O_TRUNC);
        try {
          fs.writeFileSync(descriptor, text);
        } finally {
          fs.closeSync(descriptor);
        }
      });
    },
    write: (descriptor, bytes) => translated(() => fs.writeSync(descriptor, bytes)),
    read(descriptor, into) {
      try {
        return translated(() => fs.readSync(descriptor, into));
      } catch (error) {
        if (error instanceof FileError && error.code === "EAGAIN") return undefined;
        throw error;
      }
    },
    open: (path) => translated(() => fs.openSync(path, O_RDONLY | O_NONBLOCK)),
    close: (descriptor) => fs.closeSync(descriptor),
    identity(path) {
      try {
        const { dev, ino } = translated(() => fs.statSync(path, { bigint: true }));
        return `${dev}:${ino}`;
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
    exists: (path) => fs.existsSync(path),
    isExecutable(path) {
      try {
        fs.accessSync(path, X_OK);
        return fs.statSync(path).isFile();
      } catch {
        return false;
      }
    },
    fileSystem: (path) => translated(() => fs.statfsSync(path).type),
    realPath: (path) => translated(() => fs.realpathSync(path)),
  };
}

/** node:fs tells the errno as a negative number. */
function translated<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error && "errno" in error && typeof error.errno === "number") {
      const [, what = error.message] = /, (.*)$/s.exec(error.message) ?? [];
      throw new FileError(what, Math.abs(error.errno));
    }
    throw error;
  }
}

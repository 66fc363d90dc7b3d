import { FileError, files } from "@cni-chain/libc";
import type { Io } from "./run-plugin.ts";

/** The real process. Make it once, in a plugin's main. */
export function processIo(): Io {
  // The end of a process that has nothing left to wait for, though its work is not done, is no success.
  process.exitCode = 1;
  const { promise: fault, reject } = Promise.withResolvers<never>();
  // Also when nobody races it: a rejection of its own would be a fault again.
  fault.catch(() => {});
  process.on("uncaughtException", reject);
  process.on("unhandledRejection", reject);
  return {
    env: process.env,
    readStdin: (patienceMs) => files.readText(0, patienceMs),
    writeStdout: (text) => writeAll(1, text),
    writeStderr(text) {
      try {
        writeAll(2, text);
      } catch {
        // A warning nobody can read must not fail the work.
      }
    },
    netnsIdentity(path) {
      try {
        return files.identity(path);
      } catch (error) {
        // What cannot be looked at cannot be entered either: whoever has to enter it will say so.
        if (error instanceof FileError) return undefined;
        throw error;
      }
    },
    fault,
  };
}

/** Milliseconds between tries, and their number, when a pipe set to non-blocking is full: 5 s in all. */
const pauseMs = 5;
const maxPauses = 1000;

function writeAll(fd: number, text: string): void {
  const bytes = new TextEncoder().encode(text);
  let written = 0;
  let pauses = 0;
  while (written < bytes.length) {
    try {
      written += files.write(fd, bytes.subarray(written));
    } catch (error) {
      const again = error instanceof Error && "code" in error && error.code === "EAGAIN";
      if (!again || pauses === maxPauses) throw error;
      pauses += 1;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}

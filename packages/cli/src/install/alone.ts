import { closeSync, openSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { lock } from "@cni-chain/libc/file-lock";
import { Failure } from "../failure.ts";

const everyMs = 100;
/** An installation takes seconds, of a slow disk tens of them. */
const longestMs = 120_000;

/**
 * Runs what no other installation may run in this directory meanwhile: one that sees the directory before and writes it
 * after another's end would take the other's plugins for what was there before. The lock is the kernel's and goes
 * with the process. Where nothing can be locked it runs all the same.
 */
export async function alone<T>(directory: string, run: () => Promise<T>): Promise<T> {
  const opened = openedDirectory(directory);
  if (opened === undefined) return run();
  try {
    const end = performance.now() + longestMs;
    while (lock(opened) === "held") {
      if (performance.now() > end) {
        throw new Failure(`another installation in ${directory} comes to no end; nothing was changed`, [
          `See who has it open: fuser -v ${directory}`,
        ]);
      }
      await sleep(everyMs);
    }
    return await run();
  } finally {
    closeSync(opened);
  }
}

/** Undefined where it cannot be opened: why is told by whoever looks into it next. */
function openedDirectory(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch {
    return undefined;
  }
}

import { dirname } from "node:path";
import { Failure } from "../failure.ts";
import type { Disk } from "./disk.ts";
import type { NameSaid } from "./misnamed.ts";
import { type Hash, hashing } from "./sha256.ts";
import type { Step } from "./steps.ts";

export interface Means {
  readonly disk: Disk;
  /** Why an executable does not start as a CNI plugin; undefined if it does. */
  whyNoPlugin(path: string): Promise<string | undefined>;
  readonly nameSaid: NameSaid;
  /** Told of each step before it is done. */
  readonly progress?: (step: Step) => void;
}

/**
 * Does the steps in their order. What fails leaves those before done, but for the copies that lie beside their places: they
 * are large, and the disk may be full. All of them can be done again.
 */
export async function carryOut(
  steps: readonly Step[],
  means: Means,
  sha256Of: Hash = hashing(),
): Promise<void> {
  try {
    for (const step of steps) {
      means.progress?.(step);
      await one(step, means, sha256Of);
    }
  } catch (error) {
    for (const step of steps.toReversed()) clearAway(step, means.disk);
    throw error;
  }
}

/** What cannot be taken away, as the directory once something is kept in it, stays. */
function clearAway(step: Step, disk: Disk): void {
  try {
    if (step.kind === "copy" || step.kind === "link") disk.remove(step.to);
    if (step.kind === "directory") disk.removeDirectory(step.path);
  } catch {
    // Why it failed before is what counts.
  }
}

async function one(step: Step, { disk, whyNoPlugin }: Means, sha256Of: Hash): Promise<void> {
  switch (step.kind) {
    case "directory":
      disk.makeDirectory(step.path);
      return disk.sync(dirname(step.path));
    case "copy":
      disk.remove(step.to);
      return copy(step.from, step.to, disk);
    case "link":
      disk.remove(step.to);
      if (!secondName(step.from, step.to, disk)) return copy(step.from, step.to, disk);
      return disk.executable(step.to);
    case "try": {
      if (sha256Of(step.path) !== step.sha256) {
        throw new Failure(`${step.type} was changed while it was copied; nothing was put in its place`);
      }
      const why = await whyNoPlugin(step.path);
      if (why !== undefined) {
        throw new Failure(`${step.type} does not start here; nothing was put in its place`, [why]);
      }
      return;
    }
    case "keep":
      return keep(step.path, step.as, disk);
    case "write": {
      const fresh = `${step.path}.part`;
      disk.remove(fresh);
      disk.writeFile(fresh, step.text);
      if (step.like !== undefined) disk.likeness(fresh, step.like);
      disk.sync(fresh);
      disk.rename(fresh, step.path);
      return disk.sync(dirname(step.path));
    }
    case "move":
      disk.rename(step.from, step.to);
      return disk.sync(dirname(step.to));
    case "remove":
      return disk.remove(step.path);
    case "removeDirectory":
      return disk.removeDirectory(step.path);
  }
}

function copy(from: string, to: string, disk: Disk): void {
  disk.copyFile(from, to);
  disk.executable(to);
  disk.sync(to);
}

/** Renaming one name of a file over another of the same file does nothing: so the third is removed in the end. */
function keep(path: string, as: string, disk: Disk): void {
  const fresh = `${as}.part`;
  disk.remove(fresh);
  if (!secondName(path, fresh, disk)) {
    disk.copyFile(path, fresh);
    disk.likeness(fresh, path);
    disk.sync(fresh);
  }
  disk.rename(fresh, as);
  disk.remove(fresh);
  disk.sync(dirname(as));
}

/** False where the file system has none. */
function secondName(of: string, as: string, disk: Disk): boolean {
  try {
    disk.link(of, as);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && noLinks.includes(String(error.code))) return false;
    throw error;
  }
}

/** link(2) where a file system has none, or none for this file. */
const noLinks = ["EPERM", "EOPNOTSUPP", "ENOTSUP", "ENOSYS", "EMLINK", "EXDEV"];

import type { Command } from "@cni-chain/exec";
import type { Kernel } from "@cni-chain/portmap/kernel";
import type { PlannedChange } from "./change.ts";

/** Sysctls that would be written, by their paths below /proc/sys. */
export interface DryKernel {
  readonly kernel: Kernel;
  /** Those that would have another value than now. */
  changes(): readonly PlannedChange[];
  commands(): readonly Command[];
}

/** Reads each sysctl of the node once, and reads back what would have been written. */
export function dryKernel(real: Kernel): DryKernel {
  const written = new Map<string, string>();
  const read = new Map<string, string | undefined>();
  const readOnce = (path: string) => {
    if (!read.has(path)) read.set(path, real.readSysctl(path));
    return read.get(path);
  };
  const differing = () => [...written].filter(([path, value]) => readOnce(path) !== value);
  return {
    kernel: {
      ...real,
      readSysctl: (path) => written.get(path) ?? readOnce(path),
      writeSysctl: (path, value) => {
        written.set(path, value);
      },
    },
    changes: () =>
      differing().map(([path, value]) => {
        const before = readOnce(path) ?? "none";
        return { action: "change", kind: "sysctl", where: "sysctl", within: path, what: value, before };
      }),
    // tee and not sysctl(8): that is no part of a small node, and reads a dot in a device's name as a slash.
    commands: () =>
      differing().map(([path, value]) => ({ file: "tee", argv: [`/proc/sys/${path}`], stdin: `${value}\n` })),
  };
}

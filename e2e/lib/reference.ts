import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { plugins } from "./plugins.ts";

/** A directory of plugins, and whose they are. */
export interface Installation {
  readonly whose: "ours" | "reference";
  readonly directory: string;
}

export const ours: Installation = { whose: "ours", directory: plugins };

/** The reference plugins: CNI_REFERENCE_DIR, or where Debian's containernetworking-plugins has them. */
export const reference: Installation = {
  whose: "reference",
  directory: resolve(process.env["CNI_REFERENCE_DIR"] ?? "/usr/lib/cni"),
};

/** Why nothing can be compared on this machine; undefined if it can. */
export function whyNoReference(): string | undefined {
  const missing = ["portmap", "bandwidth", "loopback"].filter(
    (type) => !existsSync(join(reference.directory, type)),
  );
  return missing.length === 0
    ? undefined
    : `no reference ${missing.join(", ")} in ${reference.directory}: install Debian's containernetworking-plugins, or set CNI_REFERENCE_DIR`;
}

import { accessSync, constants, readFileSync, statSync } from "node:fs";

/** The few reads by which a program learns what a node can do, without starting or changing anything. */
export interface NodeFiles {
  /** All of a text file, one that ends in `.gz` unpacked; undefined where it cannot be read. */
  text(path: string): Promise<string | undefined>;
  /** True for a file that this process may execute. */
  isExecutable(path: string): boolean;
}

/** The node this process runs on. */
export const nodeFiles: NodeFiles = {
  async text(path) {
    try {
      const bytes = readFileSync(path);
      if (!path.endsWith(".gz")) return bytes.toString("latin1");
      // 4 ms to load, and seldom needed.
      const { gunzipSync } = await import("node:zlib");
      return gunzipSync(bytes).toString("latin1");
    } catch {
      return undefined;
    }
  },
  isExecutable(path) {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  },
};

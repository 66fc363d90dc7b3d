import { files } from "@cni-chain/libc";

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
      if (!path.endsWith(".gz")) return files.readText(path);
      // 5 ms to load, and seldom needed.
      const [{ readFileSync }, { gunzipSync }] = await Promise.all([import("node:fs"), import("node:zlib")]);
      return gunzipSync(readFileSync(path)).toString("latin1");
    } catch {
      return undefined;
    }
  },
  isExecutable: (path) => files.isExecutable(path),
};

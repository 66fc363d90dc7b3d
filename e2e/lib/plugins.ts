import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** Where the compiled plugins are: CNI_PLUGINS, or dist/bin as scripts/build leaves it. */
export const plugins = resolve(
  process.env["CNI_PLUGINS"] ?? join(import.meta.dirname, "..", "..", "dist", "bin"),
);

/** Path of a plugin's binary. Throws if it was not built. */
export function plugin(type: string): string {
  const path = join(plugins, type);
  if (!existsSync(path)) throw new Error(`${path} is not there: run scripts/build first`);
  return path;
}

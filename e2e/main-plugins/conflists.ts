import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ConfList } from "../lib/cni.ts";

export const directory = join(import.meta.dirname, "..", "fixtures", "conflists");

/** The names of all conflists. */
export const names: readonly string[] = readdirSync(directory)
  .filter((file) => file.endsWith(".conflist"))
  .map((file) => file.replace(".conflist", ""));

/** A conflist as it stands in its file. */
export function conflist(name: string): ConfList {
  return JSON.parse(readFileSync(join(directory, `${name}.conflist`), "utf8"));
}

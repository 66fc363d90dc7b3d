import type { NodeFiles } from "./node-files.ts";

/** `elsewhere`: where administrators' tools usually are, but not on this PATH. */
export type FoundTool =
  | { readonly kind: "onPath"; readonly directory: string }
  | { readonly kind: "elsewhere"; readonly directory: string }
  | { readonly kind: "missing" };

const usual = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/local/bin"];

/** A PATH without its relative and empty entries: they would lead to whatever directory root happens to be in. */
export function absolutePlaces(path: string): string {
  const entries = path.split(":");
  return entries.every(isAbsolute) ? path : entries.filter(isAbsolute).join(":");
}

const isAbsolute = (directory: string) => directory.startsWith("/");

/** A PATH that leads to the usual places, too, behind its own directories. */
export function withUsualPlaces(path: string): string {
  return [...new Set([...path.split(":"), ...usual])].filter(isAbsolute).join(":");
}

/** Looks for a tool as a runner with this PATH would, by reading directories alone; then in the usual places. */
export function findTool(files: NodeFiles, name: string, path: string): FoundTool {
  const holds = (directory: string) => isAbsolute(directory) && files.isExecutable(`${directory}/${name}`);
  const directory = path.split(":").find(holds);
  if (directory !== undefined) return { kind: "onPath", directory };
  const elsewhere = usual.find(holds);
  return elsewhere === undefined ? { kind: "missing" } : { kind: "elsewhere", directory: elsewhere };
}

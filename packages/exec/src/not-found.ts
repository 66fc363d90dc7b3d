import type { CommandResult } from "./command.ts";

/** The outcome for a tool that is not on PATH, with where it was seen otherwise. Loads what it needs when it comes. */
export async function notFound(file: string, path: string): Promise<CommandResult> {
  const { findTool, nodeFiles } = await import("./requirements.ts");
  const found = findTool(nodeFiles, file, path);
  return { kind: "notFound", path, ...(found.kind === "elsewhere" ? { elsewhere: found.directory } : {}) };
}

import type { CommandResult } from "./command.ts";

/**
 * The outcome for a tool that is not on PATH, with where it was seen otherwise. One that is there was refused for what it
 * needs: the kernel has one error for both. Loads what it needs when it comes.
 */
export async function notFound(file: string, path: string): Promise<CommandResult> {
  const { findTool, nodeFiles } = await import("./requirements.ts");
  const found = findTool(nodeFiles, file, path);
  if (found.kind === "onPath") {
    const reason = `ENOENT: what runs ${found.directory}/${file} is missing, its interpreter or loader`;
    return { kind: "notStarted", reason };
  }
  return { kind: "notFound", path, ...(found.kind === "elsewhere" ? { elsewhere: found.directory } : {}) };
}

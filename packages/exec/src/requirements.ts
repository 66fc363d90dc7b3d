import { type Capability, lackingCapabilities } from "./capabilities.ts";
import { findTool } from "./find-tool.ts";
import { type KernelFeature, missingFeatures } from "./kernel-features.ts";
import { type NodeFiles, nodeFiles } from "./node-files.ts";

export { type Capability, lackingCapabilities } from "./capabilities.ts";
export { type FoundTool, findTool, withUsualPlaces } from "./find-tool.ts";
export { type KernelFeature, missingFeatures } from "./kernel-features.ts";
export { type NodeFiles, nodeFiles } from "./node-files.ts";

/** What a program needs of the node it runs on. */
export interface Requirements {
  /** Names of command-line tools. */
  readonly tools: readonly string[];
  readonly capabilities: readonly Capability[];
  readonly kernel: readonly KernelFeature[];
}

/**
 * Everything of this that is known to be missing, each a sentence that begins with its name; empty when nothing is.
 * `path` is the PATH of the runner that would start the tools. Starts no process and changes nothing.
 */
export async function unmet(
  { tools, capabilities, kernel }: Requirements,
  path: string,
  files: NodeFiles = nodeFiles,
): Promise<readonly string[]> {
  const status = (await files.text("/proc/self/status")) ?? "";
  return [
    ...tools.flatMap((name) => toolProblem(files, name, path)),
    ...lackingCapabilities(status, capabilities).map(
      (name) => `${name}: not among this process's effective capabilities`,
    ),
    ...(await missingFeatures(files, kernel)),
  ];
}

function toolProblem(files: NodeFiles, name: string, path: string): readonly string[] {
  const found = findTool(files, name, path);
  if (found.kind === "onPath") return [];
  const problem = `${name}: no such executable on PATH (${path})`;
  if (found.kind === "missing") return [`${problem}; install it`];
  return [`${problem}, but there is one in ${found.directory}: add that to the PATH of the runtime`];
}

import { type NodeFiles, nodeFiles } from "@cni-chain/exec/requirements";

/**
 * True for a module of this kernel that is known not to be loaded: asking the kernel for what it does would load it.
 * False where it is loaded, built in, or where that cannot be told.
 */
export async function isUnloaded(module: string, files: NodeFiles = nodeFiles): Promise<boolean> {
  const loaded = await files.text("/proc/modules");
  if (loaded === undefined || new RegExp(`^${module} `, "m").test(loaded)) return false;
  const release = (await files.text("/proc/sys/kernel/osrelease"))?.trim();
  const loadable = await files.text(`/lib/modules/${release}/modules.dep`);
  return new RegExp(`(?:^|/)${module}\\.ko(?:\\.\\w+)?:`, "m").test(loadable ?? "");
}

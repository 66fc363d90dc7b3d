import type { NodeFiles } from "./node-files.ts";

/** Something the kernel may have been built without. */
export interface KernelFeature {
  /** Name of its module, as `sch_tbf`. */
  readonly module: string;
  /** Its option of the kernel's configuration, as `CONFIG_NET_SCH_TBF`. */
  readonly option: string;
}

/**
 * Says why each feature that is known to be missing cannot be had, without loading anything: by the lists of modules
 * under /lib/modules (modules.builtin, modules.dep: kmod's own), or where there are none, as in a container, by the
 * kernel's configuration. What cannot be found out is not missing.
 */
export async function missingFeatures(
  files: NodeFiles,
  features: readonly KernelFeature[],
): Promise<readonly string[]> {
  const release = (await files.text("/proc/sys/kernel/osrelease"))?.trim();
  if (release === undefined) return [];
  const loaded = await files.text("/proc/modules");
  const absent = features.filter(({ module }) => !new RegExp(`^${module} `, "m").test(loaded ?? ""));
  if (absent.length === 0) return [];
  return (await byModules(files, absent, release)) ?? (await byOptions(files, absent, release)) ?? [];
}

async function byModules(
  files: NodeFiles,
  features: readonly KernelFeature[],
  release: string,
): Promise<readonly string[] | undefined> {
  const builtIn = await files.text(`/lib/modules/${release}/modules.builtin`);
  const loadable = await files.text(`/lib/modules/${release}/modules.dep`);
  if (builtIn === undefined || loadable === undefined) return undefined;
  const frozen = (await files.text("/proc/sys/kernel/modules_disabled"))?.trim() === "1";
  return features.flatMap(({ module }) => {
    const file = new RegExp(`(?:^|/)${module.replaceAll("_", "[_-]")}\\.ko(?:\\.\\w+)?(?::|$)`, "m");
    if (file.test(builtIn)) return [];
    if (!file.test(loadable)) {
      return [`kernel module ${module}: neither built into kernel ${release} nor in /lib/modules/${release}`];
    }
    return frozen
      ? [`kernel module ${module}: not loaded, and /proc/sys/kernel/modules_disabled forbids loading`]
      : [];
  });
}

async function byOptions(
  files: NodeFiles,
  features: readonly KernelFeature[],
  release: string,
): Promise<readonly string[] | undefined> {
  const config = (await files.text(`/boot/config-${release}`)) ?? (await files.text("/proc/config.gz"));
  // An option whose parent is off has no line at all.
  if (config === undefined || !/^CONFIG_NET=/m.test(config)) return undefined;
  return features
    .filter(({ option }) => !new RegExp(`^${option}=[ym]$`, "m").test(config))
    .map(({ module, option }) => `kernel module ${module}: kernel ${release} is built without ${option}`);
}

import { readdirSync, readFileSync } from "node:fs";
import type { Family } from "iptables-wrapper";
import type { Kernel } from "./kernel.ts";
import { type Concern, isSuspect, sysctls } from "./node-requirements.ts";
import { type NodeSettings, settingFindings } from "./node-requirements-sysctls.ts";

/** Text files of the node by absolute path. */
export interface SettingFiles {
  /** Names in a directory; none where it cannot be read. */
  list(directory: string): readonly string[];
  /** Without white space around it; undefined where it cannot be read. */
  text(file: string): string | undefined;
}

const settingFiles: SettingFiles = {
  list(directory) {
    try {
      return readdirSync(directory);
    } catch {
      return [];
    }
  },
  text(file) {
    try {
      return readFileSync(file, "utf8").trim();
    } catch {
      return undefined;
    }
  },
};

/** What a device alone can have instead of the sysctl that is for all. */
const ownSettings = {
  v4: { directory: "/proc/sys/net/ipv4/conf", forwarding: "forwarding", bridgeCalls: "nf_call_iptables" },
  v6: {
    directory: "/proc/sys/net/ipv6/conf",
    forwarding: "force_forwarding",
    bridgeCalls: "nf_call_ip6tables",
  },
} as const;

/** A sentence for each setting that breaks a way to the host ports of these concerns. */
export function settingsFound(
  concerns: readonly Concern[],
  kernel: Kernel,
  bridges?: ReadonlySet<string>,
): string[] {
  return concerns
    .filter((concern) => isSuspect(concern, kernel))
    .flatMap((concern) => settingFindings(readSettings(concern, kernel, bridges)));
}

/** Reads what a concern is about. `bridges`: the devices to look at, as far as they are bridges; default: all. */
export function readSettings(
  { family, needsBridgeCalls }: Concern,
  kernel: Kernel,
  bridges?: ReadonlySet<string>,
  files: SettingFiles = settingFiles,
): NodeSettings {
  const bridgeCalls = kernel.readSysctl(sysctls[family].bridgeCalls);
  const isLooked = needsBridgeCalls && bridgeCalls !== "1";
  return {
    family,
    forwards: kernel.readSysctl(sysctls[family].forwarding) !== "0" || hasForwardingDevice(family, files),
    bridgeCalls,
    unheardBridges: isLooked ? unheardBridges(family, bridges, files) : [],
  };
}

/** One device that forwards by its own setting is taken as somebody's design. */
function hasForwardingDevice(family: Family, files: SettingFiles): boolean {
  const { directory, forwarding } = ownSettings[family];
  const devices = files.list(directory).filter((name) => !["all", "default", "lo"].includes(name));
  return devices.some((name) => files.text(`${directory}/${name}/${forwarding}`) === "1");
}

/** Bridges that do not have the setting of their own either, by sysfs. A device that sysfs does not show is none. */
function unheardBridges(
  family: Family,
  bridges: ReadonlySet<string> | undefined,
  files: SettingFiles,
): string[] {
  const names = files.list("/sys/class/net").filter((name) => bridges?.has(name) ?? true);
  const own = ownSettings[family].bridgeCalls;
  return names.filter((name) => files.text(`/sys/class/net/${name}/bridge/${own}`) === "0").sort();
}

import { existsSync } from "node:fs";
import type { Place } from "./place.ts";

/** Where commands are looked for, ours and a node's. */
export const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Path of a command of the harness itself, whatever PATH a test gives the command it runs. */
export function toolPath(name: string): string {
  const found = Bun.which(name, { PATH: searchPath });
  if (found === null) throw new Error(`${name} is missing: run scripts/setup`);
  return found;
}

/** The two kernels' interfaces behind the commands `iptables` and `ip6tables`. */
export type IptablesVariant = "nft" | "legacy";

export const iptablesVariants: readonly IptablesVariant[] = ["nft", "legacy"];

/** Puts links to one variant's commands in front of the node's PATH. */
export async function linkTools(node: Place, variant: IptablesVariant): Promise<void> {
  const links = ["iptables", "ip6tables"].flatMap((tool) =>
    ["", "-save", "-restore"].map(
      (suffix) => `ln -s "$(command -v ${tool}-${variant}${suffix})" /run/tools/${tool}${suffix}`,
    ),
  );
  await node.run(["sh", "-ec", links.join("\n")]);
}

/** Why a variant cannot be used on this machine; undefined if it can. */
export async function whyNoIptables(node: Place, variant: IptablesVariant): Promise<string | undefined> {
  const { exitCode, stderr } = await node.try([`iptables-${variant}`, "-t", "nat", "-S"]);
  return exitCode === 0 ? undefined : `iptables-${variant} cannot be used here: ${stderr.trim()}`;
}

export const hasIpv6 = (): boolean => existsSync("/proc/sys/net/ipv6");

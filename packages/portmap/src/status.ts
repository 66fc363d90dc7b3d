import { CniError, refuseUnready, type StatusCall } from "@cni-chain/core";
import { CommandError } from "@cni-chain/exec";
import { findTool, nodeFiles, unmet } from "@cni-chain/exec/requirements";
import type { Family } from "iptables-wrapper";
import type { PortmapConfig } from "./config.ts";
import { concernOf } from "./node-requirements.ts";
import { forwardFindings, hasLegacyFilter } from "./node-requirements-forward.ts";
import { settingsFound } from "./node-requirements-read.ts";
import { isReadOnly } from "./parse-mounts.ts";
import type { Tools } from "./tools.ts";

/**
 * Throws CniError 50 with all that is known to be missing: tools, CAP_NET_ADMIN, or a kernel that does not
 * answer. A few reads and processes, and nothing is changed. What only may keep a host port from being reached
 * is warned of, or stands behind what is missing. Without conntrack ports are forwarded all the same.
 */
export async function status(call: StatusCall<PortmapConfig>, tools: Tools): Promise<void> {
  const { warn } = call;
  const used = new Set<Family>(["v4"]);
  try {
    await requireAll(call, tools, used);
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    const details = [error.details, ...(await findings(call, tools, used))].join("\n");
    throw new CniError(error.code, error.message, details, { cause: error });
  }
  for (const text of await findings(call, tools, used)) warn(text);
}

/** Adds to `used` the families that ports have been forwarded in. */
async function requireAll(
  { warn, config }: StatusCall<PortmapConfig>,
  { backend, kernel, path, netlink }: Tools,
  used: Set<Family>,
): Promise<void> {
  const families: Family[] = kernel.hasIpv6() ? ["v4", "v6"] : ["v4"];
  // Routes are asked for in this process; `ip` stands in where that cannot be.
  const needed = [...(netlink === undefined ? ["ip"] : []), ...families.flatMap(backend.tools)];
  const missing = await unmet(
    { tools: [...new Set(needed)], capabilities: ["CAP_NET_ADMIN"], kernel: [] },
    path,
  );
  const mounts = config.snat ? ((await nodeFiles.text("/proc/self/mountinfo")) ?? "") : "";
  refuseUnready([...missing, ...(isReadOnly(mounts, "/proc/sys/net/ipv4") ? [readOnly] : [])]);
  const [noConntrack] = await unmet({ tools: ["conntrack"], capabilities: [], kernel: [] }, path);
  if (noConntrack !== undefined)
    warn(`${noConntrack}; without it UDP clients of a port's last owner keep being sent there`);
  const probe = async (family: Family) => {
    if (await backend.probe(family)) used.add(family);
  };
  const probes = await Promise.allSettled(families.map(probe));
  refuseUnready(probes.flatMap((probe) => (probe.status === "rejected" ? [words(probe.reason)] : [])));
}

const readOnly =
  "/proc/sys: mounted read-only, so route_localnet, which snat needs for connections from 127.0.0.1, cannot be set; mount it read-write, or set snat to false";

/** IPv6 is looked at where it is used: most nodes have it, and many forward no packet of it on purpose. */
async function findings(
  { config }: StatusCall<PortmapConfig>,
  { backend, kernel, path, runner }: Tools,
  used: ReadonlySet<Family>,
): Promise<string[]> {
  const isInstalled = (tool: string) => findTool(nodeFiles, tool, path).kind === "onPath";
  const concerns = [...used].map((family) => concernOf(family, config, backend));
  return [
    ...settingsFound(concerns, kernel),
    ...(await forwardFindings([...used], runner, { isInstalled, hasLegacyFilter })),
  ];
}

function words(error: unknown): string {
  if (error instanceof CommandError) return `${error.message} (${error.details.split("\n")[0]})`;
  return error instanceof Error ? error.message : String(error);
}

import { refuseUnready, type StatusCall } from "@cni-chain/core";
import { CommandError } from "@cni-chain/exec";
import { unmet } from "@cni-chain/exec/requirements";
import type { Family } from "iptables-wrapper";
import type { PortmapConfig } from "./config.ts";
import type { Tools } from "./tools.ts";

/**
 * Throws CniError 50 with all that is known to be missing: tools, CAP_NET_ADMIN, or a kernel that does not
 * answer. One read a family, and nothing is changed. Without conntrack ports are forwarded all the same.
 */
export async function status({ warn }: StatusCall<PortmapConfig>, tools: Tools): Promise<void> {
  const { backend, kernel, path } = tools;
  const families: Family[] = kernel.hasIpv6() ? ["v4", "v6"] : ["v4"];
  const needed = ["ip", ...families.flatMap((family) => backend.tools(family))];
  const missing = await unmet(
    { tools: [...new Set(needed)], capabilities: ["CAP_NET_ADMIN"], kernel: [] },
    path,
  );
  refuseUnready(missing);
  const [noConntrack] = await unmet({ tools: ["conntrack"], capabilities: [], kernel: [] }, path);
  if (noConntrack !== undefined)
    warn(`${noConntrack}; without it UDP clients of a port's last owner keep being sent there`);
  const probes = await Promise.allSettled(families.map((family) => backend.probe(family)));
  const failures = probes.flatMap((probe) => (probe.status === "rejected" ? [words(probe.reason)] : []));
  refuseUnready(failures);
}

function words(error: unknown): string {
  if (error instanceof CommandError) return `${error.message} (${error.details.split("\n")[0]})`;
  return error instanceof Error ? error.message : String(error);
}

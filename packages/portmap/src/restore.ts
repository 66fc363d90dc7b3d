import type { AttachmentCall } from "@cni-chain/core";
import { findTool, nodeFiles } from "@cni-chain/exec/requirements";
import { nftables } from "@cni-chain/nft-ts";
import { chooseVariant, type Family, presenceIn, type Variant } from "iptables-wrapper";
import { servedDestinations } from "./add.ts";
import type { Request } from "./backend.ts";
import { backendFor, chooseBackend } from "./backends.ts";
import type { BackendName, PortmapConfig, Wanted } from "./config.ts";
import { endTakenOverFlows } from "./flows.ts";
import { type Forward, wantedForwards } from "./forwards.ts";
import { iptablesRestorer } from "./iptables/restore.ts";
import { iptablesClient } from "./iptables-client.ts";
import { nfLook } from "./nf-look.ts";
import { nftablesRestorer } from "./nftables/restore.ts";
import { requestOf } from "./request.ts";
import type { Restorer } from "./restorer.ts";
import { surroundings } from "./surroundings.ts";
import type { Host } from "./tools.ts";

export type { Request } from "./backend.ts";
export type { BackendName } from "./config.ts";
export type { Forward } from "./forwards.ts";
export type { Look, Presence, Restorer, Standing } from "./restorer.ts";

/** The backend that ADD would take on this node. */
export function backendNameFor(wanted: Wanted, { path }: Pick<Host, "path">): BackendName {
  return chooseBackend(wanted, (tool) => isInstalled(tool, { path }));
}

function isInstalled(tool: string, { path }: Pick<Host, "path">): boolean {
  return findTool(nodeFiles, tool, path).kind === "onPath";
}

/** Restores rules in a backend; iptables in the variant that ADD would take. */
export function restorerIn(backend: BackendName, host: Host): Restorer {
  if (backend === "nftables") {
    const client = nftables(host.runner);
    const restorer = nftablesRestorer(host.dryRun?.nftables(client) ?? client, host);
    return { ...restorer, mayHold: async (family) => isInstalled("nft", host) && restorer.mayHold(family) };
  }
  const around = surroundings(host.path, nfLook(host.netlink));
  let chosen: Promise<Variant> | undefined;
  const variant = () => {
    chosen ??= chooseVariant(host.runner, around);
    return chosen;
  };
  return iptablesRestorer(iptablesClient(host, around, variant), host, async (family) => {
    if (!isInstalled(family === "v4" ? "iptables-restore" : "ip6tables-restore", host)) return false;
    return presenceIn(await variant(), around)(family, "nat", "PREROUTING") !== false;
  });
}

/** What ADD would ask of its backend for this attachment: one request a family. */
export function requestsFor(call: AttachmentCall<PortmapConfig>, host: Host): Request[] {
  const { prevResult } = call;
  if (prevResult === undefined) return [];
  return servedDestinations(call, prevResult).map((destination) => requestOf(call, destination, host));
}

/** Closes what was opened for containers whose rules were removed, in IPv4, where nobody else needs it. */
export async function releaseLoopback(
  backend: BackendName,
  removed: readonly Forward[],
  host: Host,
): Promise<void> {
  const { release } = await backendFor({ backend }, host, () => {});
  // Other containers of their networks are found by their addresses, whatever its name.
  await release("", removed);
}

/** Ends the UDP flows that were made while the rules of these requests were missing, and lead past them. */
export async function endFlowsMadeMeanwhile(
  family: Family,
  requests: readonly Request[],
  host: Host,
  warn: (message: string) => void,
): Promise<void> {
  const forwards = requests.flatMap(({ config, destination }) =>
    wantedForwards(config.portMappings, destination),
  );
  await endTakenOverFlows(family, forwards, host, warn);
}

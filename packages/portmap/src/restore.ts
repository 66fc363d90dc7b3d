import type { AttachmentCall } from "@cni-chain/core";
import { findTool, nodeFiles } from "@cni-chain/exec/requirements";
import { nftables } from "@cni-chain/nft-ts";
import { chooseVariant, type Family, type Variant } from "iptables-wrapper";
import { servedDestinations } from "./add.ts";
import type { Request } from "./backend.ts";
import { chooseBackend } from "./backends.ts";
import type { BackendName, PortmapConfig, Wanted } from "./config.ts";
import { endTakenOverFlows } from "./flows.ts";
import { wantedForwards } from "./forwards.ts";
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
  return chooseBackend(wanted, (tool) => findTool(nodeFiles, tool, path).kind === "onPath");
}

/** Restores rules in a backend; iptables in the variant that ADD would take. */
export function restorerIn(backend: BackendName, host: Host): Restorer {
  if (backend === "nftables") {
    const client = nftables(host.runner);
    return nftablesRestorer(host.dryRun?.nftables(client) ?? client, host);
  }
  const around = surroundings(host.path, nfLook(host.netlink));
  let chosen: Promise<Variant> | undefined;
  const variant = () => {
    chosen ??= chooseVariant(host.runner, around);
    return chosen;
  };
  return iptablesRestorer(iptablesClient(host, around, variant), host);
}

/** What ADD would ask of its backend for this attachment: one request a family. */
export function requestsFor(call: AttachmentCall<PortmapConfig>, host: Host): Request[] {
  const { prevResult } = call;
  if (prevResult === undefined) return [];
  return servedDestinations(call, prevResult).map((destination) => requestOf(call, destination, host));
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

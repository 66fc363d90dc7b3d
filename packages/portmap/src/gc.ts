import type { GcCall } from "@cni-chain/core";
import { removeInFamilies } from "./in-families.ts";
import type { Tools } from "./tools.ts";

/** Removes the rules of this network's containers that are not valid any more; a container's rules have no ifname. */
export async function gc({ network, valid, warn }: GcCall, tools: Tools): Promise<void> {
  const containers = new Set(valid.map(({ containerId }) => containerId));
  await removeInFamilies(tools, warn, (family) => tools.backend.collect(network, containers, family));
}

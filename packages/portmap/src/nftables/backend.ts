import type { Nftables } from "@cni-chain/nft-ts";
import type { Backend } from "../backend.ts";
import type { Host } from "../tools.ts";
import { addRules } from "./add-rules.ts";
import { checkRules } from "./check-rules.ts";
import { closeUnusedLoopback, isReached } from "./close-loopback.ts";
import { nftFamily, table } from "./names.ts";
import { collectStale, removeRules } from "./remove-rules.ts";

/** Host ports by nftables, as the reference plugin lays them. */
export function nftablesBackend(nftables: Nftables, host: Host): Backend {
  return {
    masqueradesSubnet: false,
    tools: () => ["nft"],
    reaches: (device) => isReached(device, nftables, host),
    release: async (network, removed) =>
      closeUnusedLoopback(network, removed, await nftables.observe("ip", table), nftables, host),

    async probe(family) {
      return (await nftables.tableNames()).has(`${nftFamily(family)} ${table}`);
    },

    add: (request) => addRules(request, nftables, host),
    check: (request) => checkRules(request, nftables, host),
    remove: (attachment, family, hints = {}) => removeRules(attachment, family, hints, nftables, host),
    collect: (network, validContainers, family) =>
      collectStale(network, validContainers, family, nftables, host),
  };
}

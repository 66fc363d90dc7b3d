import { cniVersions, type Plugin } from "@cni-chain/core";
import { type BandwidthConfig, readConfig } from "./config.ts";
import { schema } from "./generated/config-schema.js";
import type { Network } from "./network.ts";

/**
 * bandwidth for runPlugin. What a command needs is loaded when it comes.
 *
 * @param open the node's network, wanted at the first thing to be read or changed
 * @param status finds out whether an ADD could be carried out
 */
export function bandwidth(
  open: () => Promise<Network>,
  status: () => Promise<void>,
): Plugin<BandwidthConfig> {
  return {
    type: "bandwidth",
    supportedVersions: cniVersions.filter((version) => version >= "0.3.0"),
    schema,
    prevResult: "required",
    readConfig,
    add: async (call) => (await import("./add.ts")).add(call, open),
    check: async (call) => (await import("./add.ts")).check(call, open),
    del: async (call) => (await import("./del.ts")).del(call, open),
    gc: async (call) => (await import("./gc.ts")).gc(call, open),
    status,
  };
}

import { cniVersions, type Plugin } from "@cni-chain/core";
import { type BandwidthConfig, readConfig } from "./config.ts";
import { schema } from "./generated/config-schema.js";
import type { Host } from "./host.ts";

/** bandwidth for runPlugin. What a command needs is loaded when it comes. */
export function bandwidth(host: Host): Plugin<BandwidthConfig> {
  const open = async () => (await host.byNetlink()) ?? host.byTools();
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
    status: async () => (await import("./status.ts")).status(host),
  };
}

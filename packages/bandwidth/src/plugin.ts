import type { Plugin } from "@cni-chain/core";
import { add, check } from "./add.ts";
import type { BandwidthConfig } from "./config.ts";
import { definition } from "./definition.ts";
import type { Host } from "./host.ts";

/** bandwidth for runPlugin. What a command needs is loaded when it comes. */
export function bandwidth(host: Host): Plugin<BandwidthConfig> {
  const open = async () => (await host.byNetlink()) ?? host.byTools();
  return {
    ...definition,
    add: (call) => add(call, open),
    check: (call) => check(call, open),
    del: async (call) => (await import("./del.ts")).del(call, open),
    gc: async (call) => (await import("./gc.ts")).gc(call, open),
    status: async () => (await import("./status.ts")).status(host),
  };
}

import { type AttachmentCall, type DelCall, type GcCall, type Plugin, toolTimeoutMs } from "@cni-chain/core";
import { add, check } from "./add.ts";
import type { BandwidthConfig } from "./config.ts";
import { definition } from "./definition.ts";
import type { Host } from "./host.ts";

/** bandwidth for runPlugin. What a command needs is loaded when it comes. */
export function bandwidth(host: Host): Plugin<BandwidthConfig> {
  const open = (timeoutMs: number) => async () => (await host.byNetlink()) ?? host.byTools(timeoutMs);
  const openAlone =
    (timeoutMs: number, { attachment }: DelCall | AttachmentCall<BandwidthConfig>) =>
    async () => {
      await host.lock?.(attachment.containerId, timeoutMs);
      return open(timeoutMs)();
    };
  return {
    ...definition,
    add: (call) => add(call, openAlone(call.config.timeoutMs, call)),
    check: (call) => check(call, open(call.config.timeoutMs)),
    del: async (call) => (await import("./del.ts")).del(call, openAlone(timeoutOf(call), call)),
    gc: async (call) => (await import("./gc.ts")).gc(call, open(timeoutOf(call))),
    status: async () => (await import("./status.ts")).status(host),
  };
}

function timeoutOf({ netConf }: DelCall | GcCall): number {
  return toolTimeoutMs(netConf["timeoutSeconds"]);
}

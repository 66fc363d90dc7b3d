import { type AttachmentCall, CniError, ErrorCode, type Plugin, type Result } from "@cni-chain/core";
import { add, check } from "./add.ts";
import { type PortmapConfig, type TimedWanted, wantedBackend } from "./config.ts";
import { definition } from "./definition.ts";
import { del } from "./del.ts";
import type { Tools } from "./tools.ts";

/**
 * Makes the tools for one call, with the backend that its configuration wants. Throws CniError 7 where none fits, and 11
 * where the container whose rules are to be changed is still being worked on.
 */
type MakeTools = (
  wanted: TimedWanted,
  warn: (message: string) => void,
  containerId?: string,
) => Promise<Tools>;

/** portmap for runPlugin. What a command needs is loaded when it comes. */
export function portmap(tools: MakeTools): Plugin<PortmapConfig> {
  return {
    ...definition,
    async add(call) {
      const prevResult = chained(call);
      // Most pods have no ports: nothing is loaded for them.
      if (call.config.portMappings.length === 0) return prevResult;
      return add(call, prevResult, await tools(call.config, call.warn, call.attachment.containerId));
    },
    check: async (call) => check(call, chained(call), await tools(call.config, call.warn)),
    del: async (call) =>
      del(call, await tools(wantedBackend(call.netConf), call.warn, call.attachment.containerId)),
    gc: async (call) =>
      (await import("./gc.ts")).gc(call, await tools(wantedBackend(call.netConf), call.warn)),
    status: async (call) => (await import("./status.ts")).status(call, await tools(call.config, call.warn)),
  };
}

function chained({ prevResult }: AttachmentCall<PortmapConfig>): Result {
  if (prevResult !== undefined) return prevResult;
  throw new CniError(
    ErrorCode.invalidConfig,
    "prevResult: missing, portmap must be called as chained plugin",
  );
}

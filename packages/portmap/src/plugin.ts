import {
  type AttachmentCall,
  CniError,
  cniVersions,
  ErrorCode,
  type Plugin,
  type Result,
} from "@cni-chain/core";
import { type PortmapConfig, readConfig } from "./config.ts";
import { schema } from "./generated/config-schema.js";
import type { Tools } from "./tools.ts";

/** portmap for runPlugin. What a command needs is loaded when it comes. */
export function portmap(tools: () => Tools): Plugin<PortmapConfig> {
  return {
    type: "portmap",
    supportedVersions: cniVersions,
    schema,
    readConfig,
    prevResult: "required",
    add: async (call) => (await import("./add.ts")).add(call, chained(call), tools()),
    check: async (call) => (await import("./add.ts")).check(call, chained(call), tools()),
    del: async (call) => (await import("./del.ts")).del(call, tools()),
    gc: async (call) => (await import("./gc.ts")).gc(call, tools()),
    status: async (call) => (await import("./status.ts")).status(call, tools()),
  };
}

function chained({ prevResult }: AttachmentCall<PortmapConfig>): Result {
  if (prevResult !== undefined) return prevResult;
  throw new CniError(
    ErrorCode.invalidConfig,
    "prevResult: missing, portmap must be called as chained plugin",
  );
}

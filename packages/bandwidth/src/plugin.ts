import { cniVersions, type Plugin } from "@cni-chain/core";
import type { Runner } from "@cni-chain/exec";
import { type BandwidthConfig, readConfig } from "./config.ts";
import { schema } from "./generated/config-schema.js";

/**
 * bandwidth for runPlugin. What a command needs is loaded when it comes.
 * `path` is the PATH on which the runner looks for tools.
 */
export function bandwidth(runner: () => Runner, path: string): Plugin<BandwidthConfig> {
  return {
    type: "bandwidth",
    supportedVersions: cniVersions.filter((version) => version >= "0.3.0"),
    schema,
    prevResult: "required",
    readConfig,
    add: async (call) => (await import("./add.ts")).add(call, runner()),
    check: async (call) => (await import("./add.ts")).check(call, runner()),
    del: async (call) => (await import("./del.ts")).del(call, runner()),
    gc: async (call) => (await import("./gc.ts")).gc(call, runner()),
    status: async () => (await import("./status.ts")).status(path),
  };
}

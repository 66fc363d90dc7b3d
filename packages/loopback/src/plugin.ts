import { cniVersions, type Plugin } from "@cni-chain/core";
import type { Runner } from "@cni-chain/exec";
import { schema } from "./generated/config-schema.js";

/**
 * loopback for runPlugin; it has no configuration of its own. What a command needs is loaded when it comes.
 * `path` is the PATH on which the runner looks for tools.
 */
export function loopback(runner: () => Runner, path: string): Plugin<object> {
  return {
    type: "loopback",
    supportedVersions: cniVersions,
    schema,
    prevResult: "optional",
    readConfig: () => ({ ok: true, value: {} }),
    add: async (call) => (await import("./work.ts")).add(call, runner()),
    check: async (call) => (await import("./work.ts")).check(call, runner()),
    del: async (call) => (await import("./work.ts")).del(call, runner()),
    // A container's lo goes with its namespace: nothing is ever left on the node.
    gc: async () => {},
    status: async () => (await import("./status.ts")).status(path),
  };
}

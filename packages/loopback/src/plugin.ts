import { cniVersions, type Plugin } from "@cni-chain/core";
import type { Runner } from "@cni-chain/exec";
import { schema } from "./generated/config-schema.js";

/** loopback for runPlugin; it has no configuration of its own. What a command needs is loaded when it comes. */
export function loopback(runner: () => Runner): Plugin<object> {
  return {
    type: "loopback",
    supportedVersions: cniVersions,
    schema,
    prevResult: "optional",
    readConfig: () => ({ ok: true, value: {} }),
    add: async (call) => (await import("./work.ts")).add(call, runner()),
    check: async (call) => (await import("./work.ts")).check(call, runner()),
    del: async (call) => (await import("./work.ts")).del(call, runner()),
  };
}

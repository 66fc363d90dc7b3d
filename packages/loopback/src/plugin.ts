import { cniVersions, type Plugin } from "@cni-chain/core";
import { schema } from "./generated/config-schema.js";
import type { Host } from "./host.ts";

/** loopback for runPlugin; it has no configuration of its own. What a command needs is loaded when it comes. */
export function loopback(host: Host): Plugin<object> {
  const open = async () => (await host.byNetlink()) ?? host.byTools();
  return {
    type: "loopback",
    supportedVersions: cniVersions,
    schema,
    prevResult: "optional",
    readConfig: () => ({ ok: true, value: {} }),
    add: async (call) => (await import("./work.ts")).add(call, open),
    check: async (call) => (await import("./work.ts")).check(call, open),
    del: async (call) => (await import("./work.ts")).del(call, open),
    // A container's lo goes with its namespace: nothing is ever left on the node.
    gc: async () => {},
    status: async () => (await import("./status.ts")).status(host),
  };
}

import type { Plugin } from "@cni-chain/core";
import { definition } from "./definition.ts";
import type { Host } from "./host.ts";
import { add, check, del } from "./work.ts";

/** loopback for runPlugin. What a command needs is loaded when it comes. */
export function loopback(host: Host): Plugin<object> {
  const open = async () => (await host.byNetlink()) ?? host.byTools();
  return {
    ...definition,
    add: (call) => add(call, open),
    check: (call) => check(call, open),
    del: (call) => del(call, open),
    // A container's lo goes with its namespace: nothing is ever left on the node.
    gc: async () => {},
    status: async () => (await import("./status.ts")).status(host),
  };
}

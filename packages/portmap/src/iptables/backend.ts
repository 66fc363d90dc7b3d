import { type Iptables, jumpTarget, rulesOf } from "iptables-wrapper";
import type { Backend } from "../backend.ts";
import type { Host } from "../tools.ts";
import { addRules } from "./add-rules.ts";
import { chains } from "./chains.ts";
import { checkRules } from "./check-rules.ts";
import { chainsForClosing, closeUnusedLoopback, isReached } from "./close-loopback.ts";
import { collectStale } from "./collect.ts";
import { removeRules } from "./remove-rules.ts";

/** Host ports by iptables, as the reference plugin lays them. */
export function iptablesBackend(iptables: Iptables, host: Host): Backend {
  return {
    reaches: (device) => isReached(device, iptables, host),
    release: (network, removed) => closeUnusedLoopback(network, removed, iptables, host),

    ...(iptables.startAhead === undefined ? {} : { startAhead: iptables.startAhead }),
    masqueradesSubnet: true,
    tools: (family) => [family === "v4" ? "iptables-restore" : "ip6tables-restore"],

    async probe(family) {
      const guard = family === "v4" ? { raw: ["PREROUTING"] } : {};
      const looked = { ...guard, nat: ["PREROUTING", "OUTPUT", "POSTROUTING"] };
      const { nat = new Map() } = await iptables.observe(family, looked);
      return (rulesOf(nat, "PREROUTING") ?? []).some((rule) => jumpTarget(rule) === chains.dnat);
    },

    add: (request) => addRules(request, iptables, host),
    check: (request) => checkRules(request, iptables, host),
    remove: (attachment, family, hints = {}) => removeRules(attachment, family, hints, iptables, host),

    async collect(network, validContainers, family) {
      const removed = await collectStale(iptables, family, network, validContainers);
      if (family === "v4") {
        const now = await iptables.observe(family, chainsForClosing, "exact");
        await closeUnusedLoopback(network, removed, iptables, host, now);
      }
      return removed;
    },
  };
}

import { throwAll } from "@cni-chain/core";
import { CommandError } from "@cni-chain/exec";
import type { Family } from "iptables-wrapper";
import { endFlowsLeftBehind } from "./flows.ts";
import type { Forward } from "./forwards.ts";
import type { Tools } from "./tools.ts";

type Remove = (family: Family) => Promise<readonly Forward[]>;

/**
 * Removes rules in each family the kernel has, and then the UDP flows to what they forwarded. Every family is
 * tried whatever happens to the other; throws the one failure, or an AggregateError of both.
 */
export async function removeInFamilies(
  tools: Tools,
  warn: (message: string) => void,
  remove: Remove,
): Promise<void> {
  const families: Family[] = tools.kernel.hasIpv6() ? ["v4", "v6"] : ["v4"];
  const outcomes = await Promise.allSettled(
    families.map(async (family) => {
      const removed = await withoutIpv6Tool(family, warn, remove);
      await endFlowsLeftBehind(family, removed, tools, warn);
    }),
  );
  throwAll(outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : [])));
}

/** A node that has iptables but no ip6tables never got IPv6 rules from us. */
async function withoutIpv6Tool(family: Family, warn: (message: string) => void, remove: Remove) {
  try {
    return await remove(family);
  } catch (error) {
    const noTool = error instanceof CommandError && error.failure === "toolMissing";
    if (family === "v4" || !noTool) throw error;
    warn(`IPv6 rules were not looked for: ${error.message}`);
    return [];
  }
}

import type { ChainCall, ChainPlan } from "./plan-chain.ts";

/** The plan as `--format json` prints it. */
export function planDocument(
  { verb, list, attachment }: ChainCall,
  { changes, commands, warnings, notPlanned, failure }: ChainPlan,
  from: string | undefined,
) {
  const { containerId, ifname, netns } = attachment;
  return {
    verb,
    network: list.name,
    containerId,
    ifname,
    netns: netns === "" ? null : netns,
    prevResultFrom: from ?? null,
    changes,
    commands,
    warnings,
    notPlanned,
    failure: failure ?? null,
  };
}

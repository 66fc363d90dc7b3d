import type { AttachmentCall } from "@cni-chain/core";
import { differences } from "./check.ts";
import type { BandwidthConfig } from "./config.ts";
import { ifbName } from "./names.ts";
import type { Network } from "./network.ts";
import { observeState } from "./observe.ts";
import { type Plan, planAdd } from "./plan.ts";
import { wantedFor } from "./wanted.ts";

export { clearVeths } from "./clear-veth.ts";
export { ifbName, isOthersIfb, networkOfOwnerText, vethOfOwnerText } from "./names.ts";
export type { Network } from "./network.ts";
export type { Plan } from "./plan.ts";

/** What is missing of an attachment's limits, and what ADD would do about it. */
export interface Loss {
  /** As CHECK names them; empty where all is there. */
  readonly differences: readonly string[];
  /** True where nothing is left of the limits, as a DEL leaves it. */
  readonly isTotal: boolean;
  readonly plan: Plan;
}

/** Looks at the limits of an attachment. Undefined where it wants none. Throws as ADD's look does. */
export async function lossOf(
  { attachment, config, netns, prevResult }: AttachmentCall<BandwidthConfig>,
  network: Network,
): Promise<Loss | undefined> {
  if (prevResult === undefined || (config.ingress === undefined && config.egress === undefined))
    return undefined;
  const ifb = ifbName(attachment);
  const state = await observeState(network, { netns, ifname: attachment.ifname, prevResult, ifb });
  const { wanted } = wantedFor(attachment, config, state.veth);
  const found = differences(state, wanted);
  const { qdiscs, filters } = state.vethShaping;
  const isBare = filters.length === 0 && !qdiscs.some(({ kind }) => kind === "tbf" || kind === "ingress");
  return { differences: found, isTotal: isBare && state.ifb === undefined, plan: planAdd(state, wanted) };
}

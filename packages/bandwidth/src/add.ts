import type { AttachmentCall, Result } from "@cni-chain/core";
import { CniError, ErrorCode } from "@cni-chain/core";
import { apply } from "./apply.ts";
import { differences } from "./check.ts";
import type { BandwidthConfig } from "./config.ts";
import { ifbName } from "./names.ts";
import type { Network } from "./network.ts";
import { observeState } from "./observe.ts";
import { planAdd } from "./plan.ts";
import { wantedFor } from "./wanted.ts";

type Call = AttachmentCall<BandwidthConfig>;

/** Sets the limits; without any, does not even open the network. Takes back what it did when it fails. */
export async function add(call: Call, open: () => Promise<Network>): Promise<Result> {
  const { attachment, config, warn } = call;
  const prevResult = requirePrevResult(call);
  if (config.ingress === undefined && config.egress === undefined) return prevResult;
  const ifb = ifbName(attachment);
  const network = await open();
  const state = await observeState(network, { ...place(call), prevResult, ifb });
  const { wanted, warnings } = wantedFor(attachment, config, state.veth);
  const plan = planAdd(state, wanted);
  for (const warning of [...warnings, ...plan.warnings]) warn(warning);
  const mac = await apply(network, state, plan, ifb, warn);
  if (config.egress === undefined) return prevResult;
  const others = prevResult.interfaces.filter(({ name, sandbox }) => name !== ifb || (sandbox ?? "") !== "");
  // Already listed: replaced where it stands, since ips point into the list by position.
  if (others.length < prevResult.interfaces.length) {
    return {
      ...prevResult,
      interfaces: prevResult.interfaces.map((entry) =>
        others.includes(entry) ? entry : { ...entry, name: ifb, ...mac },
      ),
    };
  }
  return { ...prevResult, interfaces: [...prevResult.interfaces, { name: ifb, ...mac }] };
}

/** Every difference between what ADD makes and what is there. */
export async function check(call: Call, open: () => Promise<Network>): Promise<readonly string[]> {
  const { attachment, config } = call;
  const prevResult = requirePrevResult(call);
  if (config.ingress === undefined && config.egress === undefined) return [];
  const state = await observeState(await open(), { ...place(call), prevResult, ifb: ifbName(attachment) });
  return differences(state, wantedFor(attachment, config, state.veth).wanted);
}

function place({ netns, attachment }: Call) {
  return { netns, ifname: attachment.ifname };
}

function requirePrevResult({ prevResult }: Call): Result {
  if (prevResult !== undefined) return prevResult;
  throw new CniError(
    ErrorCode.invalidConfig,
    "must be called as chained plugin: there is no prevResult",
    "Put bandwidth into the `plugins` list after the plugin that makes the interface.",
  );
}

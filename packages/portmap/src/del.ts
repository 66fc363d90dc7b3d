import { CniError, type DelCall, ErrorCode } from "@cni-chain/core";
import { CommandError } from "@cni-chain/exec";
import type { Family } from "iptables-wrapper";
import { containerChain } from "./chains.ts";
import { deleteFlows, udpFlows } from "./conntrack.ts";
import { removeFamily } from "./remove.ts";
import { leftBehind } from "./stale-flows.ts";
import type { Tools } from "./tools.ts";
import { foundUdpForwards } from "./udp-forwards.ts";

/**
 * Removes everything of the container's, found by network name and container ID alone: the runtime may
 * have lost the rest. Both families are tried whatever happens to the other, and every failure is told.
 */
export async function del(call: DelCall, tools: Tools): Promise<void> {
  const families: Family[] = tools.kernel.hasIpv6() ? ["v4", "v6"] : ["v4"];
  const outcomes = await Promise.allSettled(families.map((family) => delFamily(call, family, tools)));
  const errors = outcomes.flatMap((outcome) =>
    outcome.status === "rejected" ? [outcome.reason as Error] : [],
  );
  const [first] = errors;
  if (first === undefined) return;
  if (errors.length === 1) throw first;
  const details = errors.map((error) => [error.message, "details" in error ? error.details : ""].join("\n"));
  throw new CniError(
    ErrorCode.operationFailed,
    errors.map(({ message }) => message).join("; "),
    details.join("\n\n"),
  );
}

async function delFamily(call: DelCall, family: Family, tools: Tools): Promise<void> {
  try {
    const observed = await removeFamily(call.attachment, family, tools);
    await endFlows(call, family, foundUdpForwards(observed, containerChain(call.attachment)), tools);
  } catch (error) {
    // A node that has iptables but no ip6tables never got IPv6 rules from us.
    if (family === "v6" && error instanceof CommandError && error.failure === "toolMissing") {
      call.warn(`IPv6 rules were not looked for: ${error.message}`);
    } else throw error;
  }
}

/** Flows of UDP clients outlive the rules: without this they would go on to an address nobody has any more. */
async function endFlows(
  call: DelCall,
  family: Family,
  forwards: ReturnType<typeof foundUdpForwards>,
  tools: Tools,
): Promise<void> {
  if (forwards.length === 0) return;
  try {
    const ports = [...new Set(forwards.map(({ hostPort }) => hostPort))];
    await deleteFlows(
      tools.runner,
      family,
      leftBehind(await udpFlows(tools.runner, family, ports), forwards),
    );
  } catch (error) {
    call.warn(`UDP flows to the removed container could not be ended: ${(error as Error).message}`);
  }
}

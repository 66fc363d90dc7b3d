import { CniError, type DelCall, ErrorCode } from "@cni-chain/core";
import { CommandError } from "@cni-chain/exec";
import type { Family } from "iptables-wrapper";
import { endFlowsLeftBehind } from "./flows.ts";
import type { Tools } from "./tools.ts";

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

async function delFamily({ attachment, warn }: DelCall, family: Family, tools: Tools): Promise<void> {
  try {
    const removed = await tools.backend.remove(attachment, family);
    await endFlowsLeftBehind(family, removed, tools, warn);
  } catch (error) {
    // A node that has iptables but no ip6tables never got IPv6 rules from us.
    const noTool = error instanceof CommandError && error.failure === "toolMissing";
    if (family === "v4" || !noTool) throw error;
    warn(`IPv6 rules were not looked for: ${error.message}`);
  }
}

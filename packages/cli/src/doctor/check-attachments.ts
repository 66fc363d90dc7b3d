import { type AttachmentCall, CniError, ErrorCode, type Plugin } from "@cni-chain/core";
import type { DryPorts } from "../plan/ports.ts";
import { nameOf } from "../repair/situation.ts";
import type { Subject } from "../repair/subjects.ts";
import type { AttachmentCheck } from "./facts.ts";
import { pluginsOver } from "./read-statuses.ts";

/** CHECK of each by the plugins' own code; what all of them share is read once. */
export async function checkAttachments(
  subjects: readonly Subject[],
  ports: Pick<DryPorts, "host" | "network">,
  step: (text: string) => void,
): Promise<readonly AttachmentCheck[]> {
  const { portmap, bandwidth } = pluginsOver(ports);
  const found: AttachmentCheck[] = [];
  for (const [at, subject] of subjects.entries()) {
    step(`attachment ${at + 1} of ${subjects.length}`);
    const name = nameOf(subject);
    found.push(...subject.problems.map((problem) => ({ name, plugin: "CHECK", differences: [], problem })));
    for (const call of subject.portmap) found.push(await check(name, portmap, call));
    for (const call of subject.bandwidth) found.push(await check(name, bandwidth, call));
  }
  return found;
}

async function check<Config>(
  name: string,
  plugin: Plugin<Config>,
  call: AttachmentCall<Config>,
): Promise<AttachmentCheck> {
  try {
    return { name, plugin: plugin.type, differences: await plugin.check(call) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    const isLost = error instanceof CniError && error.code === ErrorCode.unknownContainer;
    return { name, plugin: plugin.type, differences: [], problem, isLost };
  }
}

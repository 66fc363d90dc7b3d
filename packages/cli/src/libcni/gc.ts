import { Failure } from "../failure.ts";
import type { CachedAttachment } from "./cache.ts";
import { callPlugin, type Runtime } from "./call-plugin.ts";
import type { ConfList } from "./conf-list.ts";
import { pluginInput } from "./plugin-input.ts";
import { delChain } from "./run.ts";
import type { AttachmentId } from "./valid-attachments.ts";
import { knows } from "./versions.ts";

/**
 * DEL of every stale attachment of the cache, then GC of every plugin with the list of those that are valid, where the list's
 * version has it (GCNetworkList). Goes on past failures and gives them all.
 */
export async function gcChain(
  list: ConfList,
  valid: readonly AttachmentId[],
  stale: readonly CachedAttachment[],
  runtime: Runtime,
): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  for (const { containerId, ifname, netns = "", cniArgs, capabilityArgs, result } of stale) {
    const attachment = { containerId, ifname, netns, cniArgs, capabilityArgs };
    await collecting(failures, () => delChain(list, attachment, result, runtime));
  }
  if (!knows(list.cniVersion, "gc")) return failures;
  const attachments = valid.map(({ containerId, ifname }) => ({ containerID: containerId, ifname }));
  // The second key is the one of the specification's first print, which libcni sends as well.
  const more = { "cni.dev/valid-attachments": attachments, "cni.dev/attachments": attachments };
  for (const plugin of list.plugins) {
    const input = pluginInput(list, plugin, more);
    await collecting(failures, () => callPlugin("GC", { type: plugin.type, input }, runtime));
  }
  return failures;
}

async function collecting(failures: Failure[], work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failures.push(error);
  }
}

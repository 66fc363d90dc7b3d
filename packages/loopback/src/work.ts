import type { AttachmentCall, DelCall, Result } from "@cni-chain/core";
import type { Runner } from "@cni-chain/exec";
import { changeLinks, type LinkWithAddresses, netnsState } from "@cni-chain/ip-ts";
import { differences } from "./check.ts";
import { freshResult, refuseForeignAddresses } from "./plan.ts";

const show = { do: "show", name: "lo" } as const;
const up = { do: "set", name: "lo", up: true } as const;
const down = { do: "set", name: "lo", up: false } as const;

/** Sets `lo` up, in one process. The interface is `lo` whatever CNI_IFNAME says, as in the reference. */
export async function add(
  { netns, prevResult, warn }: AttachmentCall<object>,
  runner: Runner,
): Promise<Result> {
  const [before, after] = await changeLinks(runner, [show, up, show], { netns });
  const lo = seen(after);
  try {
    refuseForeignAddresses(lo, netns);
  } catch (error) {
    if (!seen(before).up) {
      await changeLinks(runner, [down], { netns }).catch((reason: unknown) => {
        warn(`could not set lo down again: ${reason instanceof Error ? reason.message : String(reason)}`);
      });
    }
    throw error;
  }
  return prevResult ?? freshResult(lo, netns);
}

export async function check({ netns }: AttachmentCall<object>, runner: Runner): Promise<readonly string[]> {
  const [lo] = await changeLinks(runner, [show], { netns });
  return differences(seen(lo));
}

/** Sets `lo` down. A namespace that is gone, or a file where one was mounted, leaves nothing to do. */
export async function del({ netns }: DelCall, runner: Runner): Promise<void> {
  if (netns === undefined || netnsState(netns) !== "present") return;
  try {
    await changeLinks(runner, [down], { netns });
  } catch (error) {
    // Deleted between the look and the work.
    if (netnsState(netns) === "present") throw error;
  }
}

function seen(link: LinkWithAddresses | undefined): LinkWithAddresses {
  if (link === undefined) throw new Error("ip has shown no lo");
  return link;
}

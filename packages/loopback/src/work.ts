import type { AttachmentCall, DelCall, Result } from "@cni-chain/core";
import { type Links, type LinkWithAddresses, netnsState } from "@cni-chain/ip-ts";
import { differences } from "./check.ts";
import { freshResult, refuseForeignAddresses } from "./plan.ts";

const show = { do: "show", name: "lo" } as const;
const up = { do: "set", name: "lo", up: true } as const;
const down = { do: "set", name: "lo", up: false } as const;

/** Sets `lo` up. The interface is `lo` whatever CNI_IFNAME says, as in the reference. */
export async function add(
  { netns, prevResult, warn }: AttachmentCall<object>,
  open: () => Promise<Links>,
): Promise<Result> {
  const links = await open();
  // Its own addresses come when it is up; those of others are there before.
  const steps = prevResult === undefined ? [show, up, show] : [show, up];
  const [before, after = before] = await links.change(steps, { netns });
  const lo = seen(after);
  try {
    refuseForeignAddresses(lo, netns);
  } catch (error) {
    if (!seen(before).up) {
      await links.change([down], { netns }).catch((reason: unknown) => {
        warn(`could not set lo down again: ${reason instanceof Error ? reason.message : String(reason)}`);
      });
    }
    throw error;
  }
  return prevResult ?? freshResult(lo, netns);
}

export async function check(
  { netns }: AttachmentCall<object>,
  open: () => Promise<Links>,
): Promise<readonly string[]> {
  const [lo] = await (await open()).change([show], { netns });
  return differences(seen(lo));
}

/** Sets `lo` down. A namespace that is gone, or a file where one was mounted, leaves nothing to do. */
export async function del({ netns }: DelCall, open: () => Promise<Links>): Promise<void> {
  if (netns === undefined || netnsState(netns) !== "present") return;
  try {
    await (await open()).change([down], { netns });
  } catch (error) {
    // Deleted between the look and the work.
    if (netnsState(netns) === "present") throw error;
  }
}

function seen(link: LinkWithAddresses | undefined): LinkWithAddresses {
  if (link === undefined) throw new Error("lo has not been shown");
  return link;
}

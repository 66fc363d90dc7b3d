import { type AttachmentCall, CniError, type DelCall, ErrorCode, type Result } from "@cni-chain/core";
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
  const [before, after = before] = await links.change(steps, { netns }).catch(async (error: unknown) => {
    throw (await isGone(links, netns)) ? noLoopback(netns) : error;
  });
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
  const links = await open();
  try {
    const [lo] = await links.change([show], { netns });
    return differences(seen(lo));
  } catch (error) {
    if (await isGone(links, netns)) return ["lo: expected it up, found no interface of that name"];
    throw error;
  }
}

/**
 * Sets `lo` down. A namespace that is gone, or a file where one was mounted, leaves nothing to do; nor does a container
 * that has renamed it, which must not keep its own end from coming.
 */
export async function del({ netns }: DelCall, open: () => Promise<Links>): Promise<void> {
  if (netns === undefined || netnsState(netns) !== "present") return;
  const links = await open();
  try {
    await links.change([down], { netns });
  } catch (error) {
    // Deleted between the look and the work.
    if (netnsState(netns) !== "present" || (await isGone(links, netns))) return;
    throw error;
  }
}

/** The kernel makes one with each namespace and lets nobody delete it. */
function noLoopback(netns: string): CniError {
  return new CniError(
    ErrorCode.operationFailed,
    `there is no interface lo in ${netns}`,
    "Somebody has renamed it. Give it its name back (ip link set NAME name lo), or make the container anew.",
  );
}

/** False where it cannot be told, too. */
async function isGone(links: Links, netns: string): Promise<boolean> {
  const found = await links.observe(["lo"], { netns }).catch(() => undefined);
  return found !== undefined && !found.has("lo");
}

function seen(link: LinkWithAddresses | undefined): LinkWithAddresses {
  if (link === undefined) throw new Error("lo has not been shown");
  return link;
}

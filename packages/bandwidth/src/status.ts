import { ownNetns, refuseUnready } from "@cni-chain/core";
import { type NodeFiles, nodeFiles, unmet } from "@cni-chain/exec/requirements";
import { errno, NetlinkError } from "@cni-chain/netlink";
import type { Host } from "./host.ts";
import type { Network } from "./network.ts";

/** Everything ADD needs: setns takes CAP_SYS_ADMIN, links and qdiscs take CAP_NET_ADMIN. */
const requirements = {
  capabilities: ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"],
  kernel: [
    { module: "ifb", option: "CONFIG_IFB" },
    { module: "sch_tbf", option: "CONFIG_NET_SCH_TBF" },
    { module: "sch_ingress", option: "CONFIG_NET_SCH_INGRESS" },
    { module: "cls_u32", option: "CONFIG_NET_CLS_U32" },
    { module: "act_mirred", option: "CONFIG_NET_ACT_MIRRED" },
  ],
} as const;
/** What does the work where this process cannot. */
const tools = ["ip", "tc", "nsenter"];

/** Throws CniError 50 with all that is missing for an ADD. Starts no process. */
export async function status(
  { byNetlink, path }: Pick<Host, "byNetlink" | "path">,
  files: NodeFiles = nodeFiles,
): Promise<void> {
  const network = await byNetlink();
  refuseUnready(await unmet({ ...requirements, tools: network === undefined ? tools : [] }, path, files));
  if (network !== undefined) refuseUnready(await foreignNetns(network));
}

/**
 * Capabilities are good for what belongs to the user namespace they were got in. Whether the node's devices do, the kernel
 * tells whoever enters the network namespace that he is in already; and that changes nothing.
 */
async function foreignNetns({ links }: Network): Promise<readonly string[]> {
  try {
    await links.observe([], { netns: ownNetns });
    return [];
  } catch (error) {
    if (!(error instanceof NetlinkError) || error.errno !== errno.EPERM) throw error;
    return [
      "CAP_SYS_ADMIN: not in the user namespace that this network namespace belongs to, so its devices cannot be changed",
    ];
  }
}

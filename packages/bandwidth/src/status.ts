import { refuseUnready } from "@cni-chain/core";
import { type NodeFiles, nodeFiles, unmet } from "@cni-chain/exec/requirements";
import type { Host } from "./host.ts";

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
  const needed = (await byNetlink()) === undefined ? tools : [];
  refuseUnready(await unmet({ ...requirements, tools: needed }, path, files));
}

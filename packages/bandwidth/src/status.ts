import { refuseUnready } from "@cni-chain/core";
import { type NodeFiles, nodeFiles, unmet } from "@cni-chain/exec/requirements";

/** Everything ADD needs: nsenter's setns takes CAP_SYS_ADMIN, links and qdiscs take CAP_NET_ADMIN. */
const requirements = {
  tools: ["ip", "tc", "nsenter"],
  capabilities: ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"],
  kernel: [
    { module: "ifb", option: "CONFIG_IFB" },
    { module: "sch_tbf", option: "CONFIG_NET_SCH_TBF" },
    { module: "sch_ingress", option: "CONFIG_NET_SCH_INGRESS" },
    { module: "cls_u32", option: "CONFIG_NET_CLS_U32" },
    { module: "act_mirred", option: "CONFIG_NET_ACT_MIRRED" },
  ],
} as const;

/** Throws CniError 50 with all that is missing for an ADD. Starts no process. `path`: where tools are looked up. */
export async function status(path: string, files: NodeFiles = nodeFiles): Promise<void> {
  refuseUnready(await unmet(requirements, path, files));
}

import { refuseUnready } from "@cni-chain/core";
import { type NodeFiles, nodeFiles, unmet } from "@cni-chain/exec/requirements";

/** Everything ADD needs: nsenter's setns takes CAP_SYS_ADMIN, a link set up CAP_NET_ADMIN. */
const requirements = {
  tools: ["ip", "nsenter"],
  capabilities: ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"],
  kernel: [],
} as const;

/** Throws CniError 50 with all that is missing for an ADD. Starts no process. `path`: where tools are looked up. */
export async function status(path: string, files: NodeFiles = nodeFiles): Promise<void> {
  refuseUnready(await unmet(requirements, path, files));
}

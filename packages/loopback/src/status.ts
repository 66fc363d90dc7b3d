import { refuseUnready } from "@cni-chain/core";
import { type NodeFiles, nodeFiles, unmet } from "@cni-chain/exec/requirements";
import type { Host } from "./host.ts";

/** Everything ADD needs: setns takes CAP_SYS_ADMIN, a link set up CAP_NET_ADMIN. */
const requirements = {
  capabilities: ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"],
  kernel: [],
} as const;
/** What does the work where this process cannot. */
const tools = ["ip", "nsenter"];

/** Throws CniError 50 with all that is missing for an ADD. Starts no process. */
export async function status(
  { byNetlink, path }: Pick<Host, "byNetlink" | "path">,
  files: NodeFiles = nodeFiles,
): Promise<void> {
  const needed = (await byNetlink()) === undefined ? tools : [];
  refuseUnready(await unmet({ ...requirements, tools: needed }, path, files));
}

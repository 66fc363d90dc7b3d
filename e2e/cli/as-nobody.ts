import { plugin } from "../lib/plugins.ts";
import type { Stage } from "../lib/stage.ts";

/** Command line of the tool for a user without any rights. */
export async function asNobody(stage: Stage, ...line: readonly string[]): Promise<readonly string[]> {
  // The executable may lie where only root gets to.
  await stage.node.run(["sh", "-c", `mount -t tmpfs tmpfs /mnt && cp ${plugin("cni-chain")} /mnt/cni-chain`]);
  const rights = [
    "--reuid=65534",
    "--regid=65534",
    "--clear-groups",
    "--bounding-set=-all",
    "--inh-caps=-all",
  ];
  return ["setpriv", ...rights, "--", "/mnt/cni-chain", ...line];
}

import type { Node } from "../../lib/node.ts";
import { type Snapshot, takeSnapshot, withoutShared } from "../../lib/snapshot.ts";

/**
 * Everything that pods might leave behind on a node: rules, links, qdiscs and sysctls but the shared ones, and the
 * files of the base network and the runtime that stand for a pod. Two of them are compared by `difference`.
 */
export async function takeTraces(node: Node): Promise<Snapshot> {
  const kernel = withoutShared(await takeSnapshot(node));
  const files = await node.run(["sh", "-ec", list]);
  return new Map([...kernel, ["files", files.split("\n").filter((line) => line !== "")]]);
}

/** Addresses still reserved by host-local, results kept by libcni, network namespaces held by a mount. */
const list = `
for kept in /run/cni/leases /var/lib/cni; do
  if [ -d $kept ]; then find $kept -type f ! -name lock ! -name 'last_reserved_ip*'; fi
done
awk '/ - nsfs / { print $5 }' /proc/self/mountinfo`;

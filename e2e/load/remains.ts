import type { Node } from "../lib/node.ts";

const look = `find /run -type f ! -name xtables.lock
for process in /proc/[0-9]*; do read -r name <$process/comm && echo "process $name"; done`;

/** Files and processes of the node that somebody might have left behind. */
export async function remainsOn(node: Node): Promise<readonly string[]> {
  return (await node.run(["sh", "-c", look])).split("\n").toSorted();
}

import { join } from "node:path";
import type { Node } from "../../lib/node.ts";
import { plugins } from "../../lib/plugins.ts";
import { until } from "../../lib/poll.ts";
import { pluginDirectory } from "./network.ts";

/** A moment in the way through a chain of plugins at ADD. */
export interface Moment {
  readonly side: "before" | "after";
  readonly plugin: "portmap" | "bandwidth";
}

const reached = "/run/cni/reached";

/**
 * Puts a stand-in in a plugin's place, at which every ADD stops for good at the given moment; other commands go to our
 * plugin. Installing the plugins anew takes it away.
 */
export async function raiseBarrier(node: Node, { side, plugin }: Moment): Promise<void> {
  const real = join(plugins, plugin);
  const standIn = join(pluginDirectory, plugin);
  const script = `#!/bin/sh -e
[ "$CNI_COMMAND" = ADD ] || exec ${real}
${side === "after" ? real : ":"} >/dev/null
touch ${reached}
exec sleep 600`;
  await node.run(["sh", "-ec", `rm -f ${reached} ${standIn}; cat >${standIn}; chmod +x ${standIn}`], {
    stdin: script,
  });
}

/** Waits until an ADD stands at the barrier. */
export async function barrierReached(node: Node): Promise<void> {
  await until("an ADD at the barrier", async () => {
    const { exitCode } = await node.try(["test", "-e", reached]);
    return exitCode === 0 ? true : undefined;
  });
}

import { processIo, runPlugin } from "@cni-chain/core";
import { type ContainerLock, lockContainer } from "@cni-chain/core/container-lock";
import { type BunRunner, bunRunner, endSignals } from "@cni-chain/exec/bun";
import { withUsualPlaces } from "@cni-chain/exec/requirements";
import { netlinkSockets } from "@cni-chain/netlink/bun";
import { backendFor } from "./backends.ts";
import { procKernel } from "./kernel.ts";
import { portmap } from "./plugin.ts";

const io = processIo();
const path = pathFor(io.env["CNI_COMMAND"], io.env["PATH"] ?? "");
let runner: BunRunner | undefined;
let lock: ContainerLock | undefined;
const plugin = portmap(async (wanted, warn, containerId) => {
  const began = performance.now();
  if (containerId !== undefined)
    lock = await lockContainer("portmap", containerId, (wanted.timeoutMs * 2) / 3);
  runner = bunRunner({
    env: { ...io.env, PATH: path },
    budgetMs: wanted.timeoutMs - (performance.now() - began),
    stopsOn: endSignals,
    inherited: lock?.descriptor,
  });
  const host = {
    runner,
    turnBack: runner.turnBack,
    kernel: procKernel,
    path,
    netlink: netlinkSockets(),
  };
  return { ...host, backend: await backendFor(wanted, host, warn) };
});
const exitCode = await runPlugin(plugin, io);
if (await runner?.end()) lock?.release();
process.exit(exitCode);

/** What was made under another PATH has to be found all the same: a runtime's may change, or lack the sbin directories. */
function pathFor(command: string | undefined, given: string): string {
  return command === "DEL" || command === "GC" ? withUsualPlaces(given) : given;
}

import { processIo, runPlugin } from "@cni-chain/core";
import { type ContainerLock, lockContainer } from "@cni-chain/core/container-lock";
import type { BunRunner } from "@cni-chain/exec/bun";
import { byNetlink } from "./by-netlink.ts";
import { bandwidth } from "./plugin.ts";

const io = processIo();
let runner: BunRunner | undefined;
let lock: ContainerLock | undefined;
const began = performance.now();
const plugin = bandwidth({
  async lock(containerId, timeoutMs) {
    lock = await lockContainer("bandwidth", containerId, (timeoutMs * 2) / 3);
  },
  byNetlink: async () => byNetlink(),
  byTools: async (timeoutMs) => {
    const [{ networkByTools }, { bunRunner, endSignals }] = await Promise.all([
      import("./network.ts"),
      import("@cni-chain/exec/bun"),
    ]);
    runner = bunRunner({
      env: io.env,
      budgetMs: timeoutMs - (performance.now() - began),
      stopsOn: endSignals,
      inherited: lock?.descriptor,
    });
    return { ...networkByTools(runner), turnBack: runner.turnBack };
  },
  path: io.env["PATH"] ?? "",
});
const exitCode = await runPlugin(plugin, io);
if (await runner?.end()) lock?.release();
process.exit(exitCode);

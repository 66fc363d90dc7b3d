import { processIo, runPlugin } from "@cni-chain/core";
import type { BunRunner } from "@cni-chain/exec/bun";
import { byNetlink } from "./by-netlink.ts";
import { bandwidth } from "./plugin.ts";

const io = processIo();
let runner: BunRunner | undefined;
const plugin = bandwidth({
  byNetlink: async () => byNetlink(),
  byTools: async (timeoutMs) => {
    const [{ networkByTools }, { bunRunner, endSignals }] = await Promise.all([
      import("./network.ts"),
      import("@cni-chain/exec/bun"),
    ]);
    runner = bunRunner({ env: io.env, budgetMs: timeoutMs, stopsOn: endSignals });
    return { ...networkByTools(runner), turnBack: runner.turnBack };
  },
  path: io.env["PATH"] ?? "",
});
const exitCode = await runPlugin(plugin, io);
await runner?.end();
process.exit(exitCode);

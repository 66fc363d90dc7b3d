import { processIo, runPlugin } from "@cni-chain/core";
import { byNetlink } from "./by-netlink.ts";
import { bandwidth } from "./plugin.ts";

const io = processIo();
const plugin = bandwidth({
  byNetlink: async () => byNetlink(),
  byTools: async (timeoutMs) => {
    const [{ networkByTools }, { bunRunner }] = await Promise.all([
      import("./network.ts"),
      import("@cni-chain/exec/bun"),
    ]);
    const runner = bunRunner({ env: io.env, budgetMs: timeoutMs, stopsOn: ["SIGTERM"] });
    return { ...networkByTools(runner), turnBack: runner.turnBack };
  },
  path: io.env["PATH"] ?? "",
});
process.exit(await runPlugin(plugin, io));

import { processIo, runPlugin } from "@cni-chain/core";
import { byNetlink } from "./by-netlink.ts";
import { bandwidth } from "./plugin.ts";

const io = processIo();
/** Milliseconds for all tools together, where tools are needed; a runtime gives up on a plugin later than that. */
const budgetMs = 30_000;
const plugin = bandwidth({
  byNetlink: async () => byNetlink(),
  byTools: async () => {
    const [{ networkByTools }, { bunRunner }] = await Promise.all([
      import("./network.ts"),
      import("@cni-chain/exec/bun"),
    ]);
    return networkByTools(bunRunner({ env: io.env, budgetMs }));
  },
  path: io.env["PATH"] ?? "",
});
process.exit(await runPlugin(plugin, io));

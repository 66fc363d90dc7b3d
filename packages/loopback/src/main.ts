import { processIo, runPlugin } from "@cni-chain/core";
import { byNetlink } from "./by-netlink.ts";
import { loopback } from "./plugin.ts";

const io = processIo();
/** Milliseconds for all tools together, where tools are needed; a runtime gives up on a plugin later than that. */
const budgetMs = 30_000;
const plugin = loopback({
  byNetlink: async () => byNetlink(),
  byTools: async () => {
    const [{ linksByTool }, { bunRunner }] = await Promise.all([
      import("@cni-chain/ip-ts"),
      import("@cni-chain/exec/bun"),
    ]);
    return linksByTool(bunRunner({ env: io.env, budgetMs }));
  },
  path: io.env["PATH"] ?? "",
});
process.exit(await runPlugin(plugin, io));

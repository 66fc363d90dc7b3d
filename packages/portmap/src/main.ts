import { processIo, runPlugin } from "@cni-chain/core";
import { bunRunner } from "@cni-chain/exec/bun";
import { backendFor } from "./backends.ts";
import { procKernel } from "./kernel.ts";
import { portmap } from "./plugin.ts";

const io = processIo();
/** Milliseconds for all tools together; a runtime gives up on a plugin later than that. */
const budgetMs = 30_000;
const plugin = portmap(async (wanted, warn) => {
  const host = {
    runner: bunRunner({ env: io.env, budgetMs }),
    kernel: procKernel,
    path: io.env["PATH"] ?? "",
  };
  return { ...host, backend: await backendFor(wanted, host, warn) };
});
process.exit(await runPlugin(plugin, io));

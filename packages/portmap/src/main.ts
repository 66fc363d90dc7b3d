import { processIo, runPlugin } from "@cni-chain/core";
import { bunRunner } from "@cni-chain/exec/bun";
import { iptables } from "iptables-wrapper";
import { iptablesBackend } from "./iptables/backend.ts";
import { procKernel } from "./kernel.ts";
import { portmap } from "./plugin.ts";

const io = processIo();
/** Milliseconds for all tools together; a runtime gives up on a plugin later than that. */
const budgetMs = 30_000;
const plugin = portmap(() => {
  const runner = bunRunner({ env: io.env, budgetMs });
  const host = { runner, kernel: procKernel, path: io.env["PATH"] ?? "" };
  return { ...host, backend: iptablesBackend(iptables(runner), host) };
});
process.exit(await runPlugin(plugin, io));

import { processIo, runPlugin } from "@cni-chain/core";
import { bunRunner } from "@cni-chain/exec/bun";
import { bandwidth } from "./plugin.ts";

const io = processIo();
/** Milliseconds for all tools together; a runtime gives up on a plugin later than that. */
const budgetMs = 30_000;
process.exitCode = await runPlugin(
  bandwidth(() => bunRunner({ env: io.env, budgetMs }), io.env["PATH"] ?? ""),
  io,
);

import { runCli, toolName } from "./cli.ts";
import { processTerminal } from "./output/terminal.ts";

const args = process.argv.slice(2);
const terminal = processTerminal();
if (args[0] === "--about") {
  const { aboutThis } = await import("@cni-chain/core/about");
  terminal.write(aboutThis(toolName));
  process.exit(0);
}
process.exit(await runCli(args, terminal));

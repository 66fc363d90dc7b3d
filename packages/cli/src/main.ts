import { closeSync, openSync } from "node:fs";
import { chdir } from "node:process";
import { processTerminal } from "./output/terminal.ts";
import { toolName } from "./tool-name.ts";

const args = process.argv.slice(2);
const terminal = processTerminal();
if (args[0] === "--about") {
  const { aboutThis } = await import("@cni-chain/core/about");
  terminal.write(aboutThis(toolName));
  process.exit(0);
}
// Where it is loaded, yargs looks for a package.json, and in every directory above. Root's tool may be called in anybody's: what
// bears this name there may be a pipe that nobody writes to.
const here = openSync(".", "r");
chdir("/");
const { runCli } = await import("./cli.ts");
try {
  chdir(`/proc/self/fd/${here}`);
} catch {
  // It was deleted: no path leads on from it.
}
closeSync(here);
process.exit(await runCli(args, terminal));

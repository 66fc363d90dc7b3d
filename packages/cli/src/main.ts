import { runCli } from "./cli.ts";
import { processTerminal } from "./output/terminal.ts";

process.exit(await runCli(process.argv.slice(2), processTerminal()));

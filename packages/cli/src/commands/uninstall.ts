import { command } from "../command.ts";
import { jsonText } from "../output/json-text.ts";

export const uninstall = command({
  examples: [
    ["uninstall --dry-run", "only say what would be done"],
    ["uninstall --bin-dir /usr/lib/cni", "of another directory than /opt/cni/bin"],
  ],
  options: (yargs) =>
    yargs
      .option("bin-dir", {
        type: "string",
        default: "/opt/cni/bin",
        describe: "where the plugins were installed",
      })
      .option("conf-dir", {
        type: "string",
        default: "/etc/cni/net.d",
        describe: "configurations that must not be left without their plugins",
      })
      .option("force", {
        type: "boolean",
        default: false,
        describe: "even if a configuration names a plugin that goes",
      })
      .option("dry-run", { type: "boolean", default: false, describe: "change nothing" })
      .epilogue(
        "Conflists that `install` appended to lose what was appended. What the plugins made for containers that are " +
          "attached goes with a DEL that still knows them: remove the containers first, or see `cni-chain list`.",
      ),
  run: async ({ binDir, confDir, force, dryRun, json }, terminal) => {
    const { runUninstall } = await import("../install/run.ts");
    const done = await runUninstall({ binDir, confDir, force, dryRun }, terminal);
    terminal.write(json ? jsonText(done.json) : done.text);
  },
});

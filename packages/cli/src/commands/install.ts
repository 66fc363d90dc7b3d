import { dirname } from "node:path";
import { command } from "../command.ts";
import { UsageError } from "../failure.ts";
import { jsonText } from "../output/json-text.ts";

export const install = command({
  examples: [
    ["install", "all three into /opt/cni/bin; what was there is kept"],
    ["install --dry-run", "only say what would be done"],
    [
      "install --conflist /etc/cni/net.d/10-mynet.conflist --append portmap,bandwidth",
      "and append two of them to a chain",
    ],
    ["install portmap --bin-dir /usr/lib/cni --from ./dist/bin", "one, from a build, where Debian has them"],
  ],
  options: (yargs) =>
    yargs
      .positional("plugin", {
        type: "string",
        array: true,
        default: ["portmap", "bandwidth", "loopback"],
        choices: ["portmap", "bandwidth", "loopback"],
        describe: "which plugins",
      })
      .option("bin-dir", {
        type: "string",
        default: "/opt/cni/bin",
        describe: "where the runtime looks for plugins",
      })
      .option("from", { type: "string", describe: "where the new ones lie; default: beside cni-chain" })
      .option("conflist", { type: "string", describe: "a chain to append to" })
      .option("append", { type: "string", describe: "portmap, bandwidth, or both with a comma" })
      .option("dry-run", { type: "boolean", default: false, describe: "change nothing" })
      .epilogue(
        "The plugins are written beside their places as one file, tried, and renamed; mode 0755, root's. What lay there is kept in " +
          "BIN-DIR/.cni-chain for `uninstall`. Where SELinux is on, `restorecon -R BIN-DIR` gives the files their labels.",
      ),
  run: async ({ plugin, binDir, from, conflist, append, dryRun, json }, terminal) => {
    if ((conflist === undefined) !== (append === undefined)) {
      throw new UsageError("--conflist and --append go together");
    }
    const { readAppend, runInstall } = await import("../install/run.ts");
    const done = await runInstall(
      {
        types: [...new Set(plugin)],
        binDir,
        from: from ?? dirname(process.execPath),
        ...(conflist === undefined ? {} : { confList: { file: conflist, types: readAppend(append ?? "") } }),
        dryRun,
      },
      terminal,
    );
    terminal.write(json ? jsonText(done.json) : done.text);
  },
});

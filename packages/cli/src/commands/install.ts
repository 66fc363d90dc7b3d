import { command } from "../command.ts";
import { jsonText } from "../output/json-text.ts";
import { installOptions, readInstall } from "./install-options.ts";

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
    installOptions(
      yargs.positional("plugin", {
        type: "string",
        array: true,
        default: ["portmap", "bandwidth", "loopback"],
        choices: ["portmap", "bandwidth", "loopback"],
        describe: "which plugins",
      }),
    )
      .option("dry-run", { type: "boolean", default: false, describe: "change nothing" })
      .epilogue(
        "The plugins are written beside their places as one file, tried, and renamed; mode 0755, root's. What lay there is kept in " +
          "BIN-DIR/.cni-chain for `uninstall`. Where SELinux is on, `restorecon -R BIN-DIR` gives the files their labels.",
      ),
  run: async ({ plugin, dryRun, json, ...words }, terminal) => {
    const options = await readInstall(words, [...new Set(plugin)], dryRun);
    const { runInstall } = await import("../install/run.ts");
    const done = await runInstall(options, terminal);
    terminal.write(json ? jsonText(done.json) : done.text);
  },
});

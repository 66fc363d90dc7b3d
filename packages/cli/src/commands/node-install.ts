import { command } from "../command.ts";
import { intervalMs } from "../interval.ts";
import { installOptions, readInstall } from "./install-options.ts";

export const nodeInstall = command({
  examples: [
    ["node-install", "keep the three plugins in /opt/cni/bin"],
    [
      "node-install --conflist /etc/cni/net.d/10-mynet.conflist --append portmap,bandwidth",
      "and two of them in a chain, once its file is there",
    ],
    ["node-install --remove-on-exit", "on SIGTERM, put everything back as it was"],
  ],
  options: (yargs) =>
    installOptions(yargs)
      .option("conflist", { type: "string", describe: "a chain to append to; it may come later" })
      .option("interval", {
        type: "number",
        default: 5,
        describe: "seconds between two looks whether all is still there",
      })
      .option("ready-file", { type: "string", describe: "a file that stands while all is in place" })
      .option("remove-on-exit", {
        type: "boolean",
        default: false,
        describe: "uninstall on SIGTERM or SIGINT",
      })
      .option("conf-dir", {
        type: "string",
        default: "/etc/cni/net.d",
        describe: "configurations that must not be left without their plugins",
      })
      .epilogue(
        "Installs as `install` does and removes as `uninstall` does. Who writes over it again and again is answered " +
          "ever more slowly, up to every five minutes.",
      ),
  run: async (options, terminal) => {
    const { binDir, readyFile, confDir } = options;
    const install = await readInstall(options, ["portmap", "bandwidth", "loopback"], false);
    const pause = intervalMs(options.interval);
    const [{ runUninstall }, { keep }, { nodeKeeper }] = await Promise.all([
      import("../install/run.ts"),
      import("../node-agent/keep.ts"),
      import("../node-agent/node-keeper.ts"),
    ]);
    const keeper = nodeKeeper({ install, ...(readyFile === undefined ? {} : { readyFile }) }, terminal);
    const stop = new AbortController();
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop.abort());
    await keep(keeper, pause, stop.signal);
    keeper.ready(false);
    if (!options.removeOnExit) return;
    const done = await runUninstall({ binDir, confDir, force: false, dryRun: false }, terminal);
    terminal.write(done.text);
  },
});

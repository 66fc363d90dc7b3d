import { cniVersions } from "@cni-chain/core";
import manifest from "../../package.json" with { type: "json" };
import { command } from "../command.ts";
import { Verdict } from "../failure.ts";
import { askVersions } from "../libcni/ask-plugins.ts";
import { chainOptions, withRuntime } from "../libcni/chain-options.ts";
import { loadConfList } from "../libcni/conf-list.ts";
import { jsonText } from "../output/json-text.ts";
import { styleFor } from "../output/style.ts";
import { printable, table } from "../output/table.ts";

/** `version`: of the tool, or of every plugin of a network. */
export const version = command({
  examples: [
    ["version", "this tool's own"],
    ["version mynet", "exit code 1 where a plugin does not support the network's"],
  ],
  options: (yargs) =>
    chainOptions(
      yargs.positional("network", { type: "string", describe: "file of a conflist, or name of a network" }),
    ),
  async run(options, terminal) {
    if (options.network === undefined) {
      const { version: own } = manifest;
      terminal.write(
        options.json
          ? jsonText({ version: own, cniVersions })
          : `cni-chain ${own}\nCNI ${cniVersions.join(", ")}\n`,
      );
      return;
    }
    const list = await loadConfList(options.network, options);
    const asked = await withRuntime(options, terminal, (runtime) => askVersions(list, runtime));
    const plugins = asked.map((one) => ({
      type: one.type,
      supportedVersions: one.ok ? one.value : [],
      supported: one.ok && one.value.includes(list.cniVersion),
      ...(one.ok ? {} : { error: one.failure.message }),
    }));
    if (options.json) {
      const { name: network, cniVersion } = list;
      terminal.write(jsonText({ network, cniVersion, plugins }));
    } else {
      const style = styleFor(terminal);
      const lines = table(
        plugins,
        [
          { head: "PLUGIN", cell: ({ type }) => type },
          { head: list.cniVersion, cell: ({ supported }) => (supported ? "yes" : "no") },
          { head: "SUPPORTS", cell: ({ supportedVersions, error }) => error ?? supportedVersions.join(", ") },
        ],
        {
          width: terminal.width,
          head: style.dim,
          paint: (text, row, column) =>
            column === 1 ? (plugins[row]?.supported === true ? style.green(text) : style.red(text)) : text,
        },
      );
      terminal.write([`${printable(list.name)}, version ${list.cniVersion}`, ...lines, ""].join("\n"));
    }
    if (plugins.some(({ supported }) => !supported)) throw new Verdict(1);
  },
});

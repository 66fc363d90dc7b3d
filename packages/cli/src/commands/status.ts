import { command } from "../command.ts";
import { Verdict } from "../failure.ts";
import { askStatus } from "../libcni/ask-plugins.ts";
import { chainOptions, networkPositional, withRuntime } from "../libcni/chain-options.ts";
import { loadConfList } from "../libcni/conf-list.ts";
import { PluginFailure } from "../libcni/plugin-failure.ts";
import { knows, since } from "../libcni/versions.ts";
import { jsonText } from "../output/json-text.ts";
import { styleFor } from "../output/style.ts";
import { printable } from "../output/table.ts";

/** `status`: whether every plugin of a network could carry out an ADD. */
export const status = command({
  examples: [["status mynet", "exit code 1 where one is not"]],
  options: (yargs) => chainOptions(yargs.positional("network", networkPositional)),
  async run(options, terminal) {
    const list = await loadConfList(options.network, options);
    const hasStatus = knows(list.cniVersion, "status");
    const asked = hasStatus
      ? await withRuntime(options, terminal, (runtime) => askStatus(list, runtime))
      : [];
    const plugins = asked.map((one) => {
      if (one.ok) return { type: one.type, ready: true };
      const { failure } = one;
      const document = failure instanceof PluginFailure ? failure.document : undefined;
      return { type: one.type, ready: false, error: document ?? { msg: failure.message } };
    });
    if (options.json) {
      const { name: network, cniVersion } = list;
      terminal.write(jsonText({ network, cniVersion, hasStatus, plugins }));
    } else {
      const style = styleFor(terminal);
      for (const one of asked) {
        const word = one.ok ? style.green("ready") : style.red("not ready");
        terminal.write(`${word} ${style.bold(one.type)}\n`);
        if (one.ok) continue;
        for (const line of [one.failure.message, ...one.failure.details])
          terminal.write(`  ${printable(line)}\n`);
      }
      if (!hasStatus) {
        terminal.write(
          `version ${list.cniVersion} of ${list.name} has no STATUS: it came with ${since.status}, no plugin was asked\n`,
        );
      }
    }
    if (asked.some(({ ok }) => !ok)) throw new Verdict(1);
  },
});

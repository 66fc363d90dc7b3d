import { command } from "../command.ts";
import { Failure } from "../failure.ts";
import { chainOptions, networkPositional, withRuntime } from "../libcni/chain-options.ts";
import { findAttachment } from "../libcni/find-attachment.ts";
import { checkChain } from "../libcni/run.ts";
import { checkNames, netnsOf, targetOptions } from "../libcni/target-options.ts";
import { knows, since } from "../libcni/versions.ts";
import { jsonText } from "../output/json-text.ts";
import { styleFor } from "../output/style.ts";

/** `check`: CHECK of every plugin, with what add was given and what it gave. */
export const check = command({
  examples: [
    ["check mynet", "the only attachment there is"],
    ["check mynet --id 4f2a91c07be3 --ifname eth1", "one of several"],
  ],
  options: (yargs) => chainOptions(targetOptions(yargs.positional("network", networkPositional))),
  async run(options, terminal) {
    checkNames(options);
    const { list, cached } = await findAttachment(options);
    if (!knows(list.cniVersion, "check")) {
      throw new Failure(
        `version ${list.cniVersion} of network ${list.name} has no CHECK: it came with ${since.check}`,
      );
    }
    if (cached === undefined) {
      throw new Failure(
        `the cache has no attachment to ${list.name} that is meant, and CHECK needs its result`,
      );
    }
    const { containerId, ifname, netns = "", cniArgs, capabilityArgs, result } = cached;
    const attachment = { containerId, ifname, netns: netnsOf(options) ?? netns, cniArgs, capabilityArgs };
    const asked = list.disableCheck ? [] : list.plugins.map(({ type }) => type);
    if (!list.disableCheck) {
      await withRuntime(options, terminal, (runtime) => checkChain(list, attachment, result, runtime));
    }
    const style = styleFor(terminal);
    const who = `${style.bold(containerId)} on ${list.name}: ${ifname}`;
    const text = list.disableCheck
      ? `${style.yellow("not asked")} ${who}: the network has disableCheck\n`
      : `${style.green("all well")} ${who} (${asked.join(", ")})\n`;
    const document = { network: list.name, containerId, ifname, asked, disableCheck: list.disableCheck };
    terminal.write(options.json ? jsonText(document) : text);
  },
});

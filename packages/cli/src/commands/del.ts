import { execaRunner } from "@cni-chain/exec/execa";
import { command } from "../command.ts";
import { Failure } from "../failure.ts";
import { chainOptions, networkPositional, withRuntime } from "../libcni/chain-options.ts";
import { findAttachment, netnsIfStands } from "../libcni/find-attachment.ts";
import { delChain } from "../libcni/run.ts";
import { leaveSandbox } from "../libcni/sandbox.ts";
import { checkNames, netnsOf, targetOptions } from "../libcni/target-options.ts";
import { jsonText } from "../output/json-text.ts";
import { styleFor } from "../output/style.ts";
import { printable } from "../output/table.ts";

/** `del`: takes an attachment back. */
export const del = command({
  examples: [
    ["del mynet", "the only attachment there is"],
    ["del mynet --id 4f2a91c07be3", "one of several"],
    ["del mynet --sandbox try", "the one in this namespace, which goes with it"],
  ],
  options: (yargs) =>
    chainOptions(targetOptions(yargs.positional("network", networkPositional))).option("current-config", {
      type: "boolean",
      default: false,
      describe: "use the configuration as it is now, not that of add",
    }),
  async run(options, terminal) {
    checkNames(options);
    const { list, cached, configChanged } = await findAttachment(options);
    const containerId = options.id ?? cached?.containerId;
    if (containerId === undefined) {
      throw new Failure(`the cache has no attachment to ${list.name} that is meant`, [
        "what a runtime with another cache made: give --id, --ifname and --netns, or --cache-dir",
      ]);
    }
    const netns = netnsOf(options) ?? cached?.netns;
    const attachment = {
      containerId,
      ifname: options.ifname ?? cached?.ifname ?? "eth0",
      netns: netnsIfStands(netns),
      cniArgs: cached?.cniArgs ?? [],
      capabilityArgs: cached?.capabilityArgs ?? {},
    };
    if (configChanged) {
      terminal.tell(`the configuration of ${list.name} has changed since add; the one of then is used\n`);
    }
    await withRuntime(options, terminal, (runtime) => delChain(list, attachment, cached?.result, runtime));
    const left = netns === undefined ? undefined : await leaveSandbox(netns, options.cacheDir, execaRunner());
    if (left !== undefined) terminal.tell(`${printable(left)}\n`);
    const { ifname } = attachment;
    const document = { network: list.name, containerId, ifname, wasCached: cached !== undefined };
    const style = styleFor(terminal);
    const note = cached === undefined ? ` ${style.dim("(the cache knew nothing of it)")}` : "";
    terminal.write(
      options.json
        ? jsonText(document)
        : `${style.green("detached")} ${style.bold(containerId)} from ${list.name}: ${ifname}${note}\n`,
    );
  },
});

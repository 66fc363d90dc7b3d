import type { JsonObject } from "@cni-chain/core";
import { execaRunner } from "@cni-chain/exec/execa";
import { command } from "../command.ts";
import { Failure, UsageError } from "../failure.ts";
import type { Attachment } from "../libcni/attachment.ts";
import { attachmentArguments, attachmentOptions } from "../libcni/attachment-options.ts";
import { readCache } from "../libcni/cache.ts";
import type { Runtime } from "../libcni/call-plugin.ts";
import { chainOptions, networkPositional, pluginDirsOf, withRuntime } from "../libcni/chain-options.ts";
import { type ConfList, loadConfList } from "../libcni/conf-list.ts";
import { findPlugin } from "../libcni/find-plugin.ts";
import { type Interrupt, keepInterrupt } from "../libcni/interrupt.ts";
import { renderAttached } from "../libcni/render-attached.ts";
import { addChain, delChain } from "../libcni/run.ts";
import { isNetns, leaveSandbox, makeSandbox } from "../libcni/sandbox.ts";
import { checkNames, netnsOf, targetOptions } from "../libcni/target-options.ts";
import { jsonText } from "../output/json-text.ts";
import { styleFor } from "../output/style.ts";
import { printable } from "../output/table.ts";

/** `add`: attaches a container, as a runtime does. */
export const add = command({
  examples: [
    ["add mynet --sandbox try -p 8080:80", "a namespace to try things in, with a port"],
    ["add ./my.conflist --pid 4711 -p 127.0.0.1:8080:80", "the namespace of a process"],
    ["add mynet --netns /run/netns/web --ingress-bandwidth 10M", "limited to 10 Mbit/s"],
  ],
  options: (yargs) =>
    chainOptions(attachmentOptions(targetOptions(yargs.positional("network", networkPositional)))).option(
      "keep",
      {
        type: "boolean",
        default: false,
        describe: "after a failure leave what was made, to look at it",
      },
    ),
  async run(options, terminal) {
    checkNames(options);
    const list = await loadConfList(options.network, options);
    const netns = netnsOf(options);
    if (netns === undefined) throw new UsageError("which container? give --netns, --pid or --sandbox");
    const attachment: Attachment = {
      containerId: options.id ?? newContainerId(),
      ifname: options.ifname ?? "eth0",
      netns,
      ...attachmentArguments(options, list),
    };
    await refuseAttached(list, attachment, options.cacheDir);
    for (const { type } of list.plugins) findPlugin(type, pluginDirsOf(options));
    const { sandbox } = options;
    const runner = execaRunner();
    using interrupt = keepInterrupt();
    if (sandbox !== undefined) await makeSandbox(sandbox, runner);
    else if (!isNetns(netns)) throw new Failure(`${netns} is no network namespace`);
    const result = await withRuntime(options, terminal, async (runtime) => {
      try {
        return await addUnlessInterrupted(list, attachment, runtime, interrupt);
      } catch (error) {
        const undone = options.keep ? kept(list, attachment) : await undo(list, attachment, runtime);
        if (!options.keep) await leaveSandbox(netns, options.cacheDir, runner);
        throw error instanceof Failure ? new Failure(error.message, [...error.details, ...undone]) : error;
      }
    });
    if (options.json) {
      if (options.id === undefined) terminal.tell(`container ID: ${attachment.containerId}\n`);
      terminal.write(jsonText(result));
    } else terminal.write(attachedText(list, attachment, result, styleFor(terminal)));
  },
});

/** Of the length of a runtime's short IDs. */
function newContainerId(): string {
  return crypto.randomUUID().replaceAll("-", "").slice(0, 12);
}

/** The specification allows no second ADD without a DEL between. */
async function refuseAttached(
  list: ConfList,
  { containerId, ifname }: Attachment,
  cacheDir: string,
): Promise<void> {
  const { attachments } = await readCache(cacheDir);
  const same = attachments.find(
    (one) => one.network === list.name && one.containerId === containerId && one.ifname === ifname,
  );
  if (same === undefined) return;
  throw new Failure(`${containerId} is attached to ${list.name} as ${ifname} already`, [
    `see it: cni-chain check ${list.name} --id ${containerId}; take it back: cni-chain del ${list.name} --id ${containerId}`,
  ]);
}

/** A signal to end lets the plugin of the moment finish, and then counts as a failure. */
async function addUnlessInterrupted(
  list: ConfList,
  attachment: Attachment,
  runtime: Runtime,
  interrupt: Interrupt,
): Promise<JsonObject> {
  const orEnd = () => {
    if (interrupt.wanted) throw new Failure(`add to ${list.name} was interrupted`);
  };
  const result = await addChain(list, attachment, {
    ...runtime,
    step(verb, plugin) {
      orEnd();
      runtime.step?.(verb, plugin);
    },
  });
  orEnd();
  return result;
}

/** What libcni's callers do after a failed ADD: DEL of the whole chain. Says how that went. */
async function undo(list: ConfList, attachment: Attachment, runtime: Runtime): Promise<readonly string[]> {
  try {
    await delChain(list, attachment, undefined, runtime);
    return ["what had been made was taken back (DEL of the whole chain)"];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [
      "taking back what had been made failed, too:",
      ...[error.message, ...error.details].map((line) => `  ${line}`),
      ...kept(list, attachment),
    ];
  }
}

function kept(list: ConfList, { containerId, ifname, netns }: Attachment): readonly string[] {
  return [
    "what had been made is still there; take it back:",
    `  cni-chain del ${list.file ?? list.name} --id ${containerId} --ifname ${ifname} --netns ${netns}`,
  ];
}

function attachedText(
  list: ConfList,
  attachment: Attachment,
  result: JsonObject,
  style: ReturnType<typeof styleFor>,
): string {
  const { containerId, ifname, netns } = attachment;
  const lines = renderAttached(result, attachment).map(
    ([label, text]) => `  ${style.dim(label.padEnd(10))} ${printable(text)}`,
  );
  return [
    `${style.green("attached")} ${style.bold(containerId)} to ${list.name}: ${ifname} in ${printable(netns)}`,
    ...lines,
    "",
  ].join("\n");
}

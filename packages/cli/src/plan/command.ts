import { byNetlink } from "@cni-chain/bandwidth/by-netlink";
import { networkByTools } from "@cni-chain/bandwidth/network";
import { bunRunner } from "@cni-chain/exec/bun";
import type { ArgumentsCamelCase, Argv } from "yargs";
import { type Common, command } from "../command.ts";
import { Failure, Verdict } from "../failure.ts";
import { attachmentArguments, attachmentOptions } from "../libcni/attachment-options.ts";
import { readCache } from "../libcni/cache.ts";
import { chainOptions, networkPositional } from "../libcni/chain-options.ts";
import { loadConfList } from "../libcni/conf-list.ts";
import { findAttachment, netnsIfStands } from "../libcni/find-attachment.ts";
import { checkNames, netnsOf, targetOptions } from "../libcni/target-options.ts";
import { jsonText } from "../output/json-text.ts";
import { styleFor } from "../output/style.ts";
import type { Terminal } from "../output/terminal.ts";
import { planDocument } from "./document.ts";
import { type ChainCall, type ChainPlan, planChain } from "./plan-chain.ts";
import { previousFor } from "./previous.ts";
import { shellScript } from "./script.ts";
import { planText, titleOf } from "./text.ts";

const formats = ["text", "json", "commands"] as const;

/** `plan add|del`: what our plugins of a chain would change, by their own code on ports that change nothing. */
export const plan = command({
  examples: [
    ["plan add mynet --netns /run/netns/web -p 8080:80", "as a diff against the node as it is"],
    ["plan add mynet --ip 10.88.0.5/24 -p 8080:80", "for a container that is still to be made"],
    ["plan del mynet --id web --format commands", "as a shell script"],
  ],
  options: (yargs) => planOptions(yargs),
  async run(words, terminal) {
    checkNames(words);
    const format = words.json ? "json" : words.format;
    const { call, from } = words.verb === "add" ? await addCall(words) : await delCall(words);
    show(call, await planChain(call, process.env), from, format, terminal);
  },
});

type Words = ArgumentsCamelCase<
  ReturnType<typeof planOptions<Common>> extends Argv<infer Options> ? Options : never
>;

interface Planned {
  readonly call: ChainCall;
  readonly from: string | undefined;
}

async function addCall(words: Words): Promise<Planned> {
  const list = await loadConfList(words.network, words);
  const containerId = words.id ?? "planned";
  const ifname = words.ifname ?? "eth0";
  const { attachments } = await readCache(words.cacheDir);
  const cached = attachments.find(
    (one) => one.network === list.name && one.containerId === containerId && one.ifname === ifname,
  );
  const asked = attachmentArguments(words, list);
  const asksNothing = Object.keys(asked.capabilityArgs).length === 0 && asked.cniArgs.length === 0;
  const { cniArgs, capabilityArgs } = asksNothing && cached !== undefined ? cached : asked;
  const netns = netnsOf(words) ?? cached?.netns ?? `/run/netns/${containerId}`;
  const { links } = byNetlink() ?? networkByTools(bunRunner({ env: process.env, budgetMs: 10_000 }));
  const place = { cniVersion: list.cniVersion, netns, ifname };
  const { result, supposed, from } = await previousFor(words, place, cached?.result, links);
  const attachment = { containerId, ifname, netns, cniArgs, capabilityArgs };
  return { call: { verb: "ADD", list, attachment, prevResult: result, supposed }, from };
}

async function delCall(words: Words): Promise<Planned> {
  const { list, cached } = await findAttachment(words);
  const containerId = words.id ?? cached?.containerId;
  if (containerId === undefined) {
    throw new Failure(`the cache has no attachment to ${list.name} that is meant`, [
      "give its container ID: --id ID",
    ]);
  }
  const attachment = {
    containerId,
    ifname: words.ifname ?? cached?.ifname ?? "eth0",
    netns: netnsIfStands(netnsOf(words) ?? cached?.netns),
    cniArgs: cached?.cniArgs ?? [],
    capabilityArgs: cached?.capabilityArgs ?? {},
  };
  return {
    call: { verb: "DEL", list, attachment, prevResult: cached?.result, supposed: [] },
    from: undefined,
  };
}

function planOptions<T>(yargs: Argv<T>) {
  return chainOptions(attachmentOptions(targetOptions(yargs)))
    .positional("verb", {
      choices: ["add", "del"] as const,
      demandOption: true,
      describe: "what would be run",
    })
    .positional("network", networkPositional)
    .option("ip", {
      type: "string",
      array: true,
      nargs: 1,
      describe: "address the container is to have, as 10.88.0.5/24",
    })
    .option("host-device", {
      type: "string",
      describe: "the host's end of its veth pair, which may not be there yet",
    })
    .option("prev-result", { type: "string", describe: "file with the result of the plugins before ours" })
    .option("format", { choices: formats, default: "text" as const, describe: "how to print the plan" });
}

function show(
  call: ChainCall,
  planned: ChainPlan,
  from: string | undefined,
  format: (typeof formats)[number],
  terminal: Terminal,
): void {
  const { failure } = planned;
  if (format === "json") {
    terminal.write(jsonText(planDocument(call, planned, from), true));
    if (failure !== undefined) throw new Verdict(1);
    return;
  }
  if (format === "text") terminal.write(`${planText(call, planned, from, styleFor(terminal)).join("\n")}\n`);
  else for (const warning of planned.warnings) terminal.tell(`${warning}\n`);
  if (failure !== undefined) {
    throw new Failure(`${failure.plugin} would fail: ${failure.msg}`, failure.details.split("\n"));
  }
  if (format === "commands") terminal.write(shellScript(planned.commands, titleOf(call)));
}

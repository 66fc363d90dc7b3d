import {
  batchWord,
  type Command,
  CommandError,
  type CommandResult,
  type Runner,
  runBatch,
} from "@cni-chain/exec";
import { isDeviceName } from "@cni-chain/netlink";
import { batchDevice } from "./device-name.ts";
import type { Link, LinkWithAddresses } from "./link.ts";
import { inNetns } from "./netns.ts";
import { parseAddresses, parseLinks } from "./parse.ts";
import { type LinkChange, renderLinkChange } from "./render.ts";

export interface Where {
  /** Path of the network namespace to work in; without it, our own. */
  readonly netns?: string;
}

/**
 * Reads the links of these names, in one process; a name that is no link's, or could be none's, is left out of the answer.
 *
 * `ip` has one exit code for "no such device" and for most other troubles, so `lo`, which nearly every namespace has, is
 * asked for as well: an answer without it tells of a failed reading, unless all links can be read. Throws CommandError then, TypeError on a name no batch can hold.
 */
export async function observeLinks(
  runner: Runner,
  names: readonly string[],
  where: Where = {},
): Promise<ReadonlyMap<string, Link>> {
  const lines = ["lo", ...names.filter(isDeviceName)].map((name) => `link show dev ${batchDevice(name)}\n`);
  const command = ip(["-j", "-d", "-force", "-batch", "-"], lines.join(""), where);
  const result = await runner.run(command);
  if (result.kind !== "exited" || result.exitCode > 1) throw new CommandError(command, result);
  const links = new Map(parsed(parseLinks, command, result).map((link) => [link.name, link]));
  if (!links.has("lo") && !(await canReadAll(runner, where))) throw new CommandError(command, result);
  return links;
}

/** In a container that has renamed its `lo`. */
async function canReadAll(runner: Runner, where: Where): Promise<boolean> {
  const result = await runner.run(ip(["-j", "link", "show"], undefined, where));
  return result.kind === "exited" && result.exitCode === 0 && result.stdout.trim() !== "";
}

/**
 * Reads every link of these kinds (`veth`, `ifb`, …), in one process. Cost grows with the node: 10 ms at 400 links.
 * Throws CommandError, TypeError on a kind no batch can hold.
 */
export async function linksOfKinds(
  runner: Runner,
  kinds: readonly string[],
  where: Where = {},
): Promise<readonly Link[]> {
  const lines = kinds.map((kind) => `link show type ${batchWord(kind)}\n`);
  return readAll(parseLinks, runner, ip(["-j", "-d", "-batch", "-"], lines.join(""), where));
}

/** A change, or a look at a link (which has to be there) at this point among the changes. */
export type LinkStep = LinkChange | { readonly do: "show"; readonly name: string };

/**
 * Takes the steps in one process, in their order, and gives what the looks have seen, one link each. Stops at the first
 * step that fails and throws CommandError; what came before it stays made.
 */
export async function changeLinks(
  runner: Runner,
  steps: readonly LinkStep[],
  where: Where = {},
): Promise<readonly LinkWithAddresses[]> {
  const lines = steps.map((step) =>
    step.do === "show" ? `addr show dev ${batchDevice(step.name)}` : renderLinkChange(step),
  );
  const command = ip(["-j", "-d", "-batch", "-"], `${lines.join("\n")}\n`, where);
  return readAll(parseAddresses, runner, command);
}

/**
 * Deletes a link in one process. Answers `absent` when there was none: the refusal alone does not say so, hence
 * the second look. Throws CommandError when it is still there or nothing could be found out.
 */
export async function deleteLink(
  runner: Runner,
  name: string,
  where: Where = {},
): Promise<"deleted" | "absent"> {
  const command = ip(["link", "delete", "dev", name], undefined, where);
  const result = await runner.run(command);
  if (result.kind === "exited" && result.exitCode === 0) return "deleted";
  if (result.kind !== "exited") throw new CommandError(command, result);
  const links = await observeLinks(runner, [name], where);
  if (links.has(name)) throw new CommandError(command, result);
  return "absent";
}

/**
 * Deletes links in one process (none for no name), going on past any that cannot be deleted; the kernel takes about 20 ms
 * for each. Throws a CommandError that names those still there after a second look; what is gone is success.
 */
export async function deleteLinks(
  runner: Runner,
  names: readonly string[],
  where: Where = {},
): Promise<void> {
  if (names.length === 0) return;
  const lines = names.map((name) => renderLinkChange({ do: "delete", name }));
  const command = ip(["-force", "-batch", "-"], `${lines.join("\n")}\n`, where);
  const result = await runner.run(command);
  if (result.kind === "exited" && result.exitCode === 0) return;
  if (result.kind !== "exited") throw new CommandError(command, result);
  const links = await observeLinks(runner, names, where);
  const left = names.filter((name) => links.has(name));
  if (left.length === 0) return;
  throw new CommandError(command, { ...result, stderr: `${result.stderr}\nstill there: ${left.join(", ")}` });
}

function ip(argv: readonly string[], stdin: string | undefined, where: Where): Command {
  const command = { file: "ip", argv, ...(stdin === undefined ? {} : { stdin }) };
  return where.netns === undefined ? command : inNetns(where.netns, command);
}

async function readAll<T>(
  parse: (output: string) => readonly T[],
  runner: Runner,
  command: Command,
): Promise<readonly T[]> {
  const stdout = await runBatch(runner, command);
  return parsed(parse, command, { kind: "exited", exitCode: 0, stdout, stderr: "" });
}

/** Output that cannot be read is a failed command, and its text belongs into the message. */
function parsed<T>(
  parse: (output: string) => readonly T[],
  command: Command,
  result: CommandResult & { readonly kind: "exited" },
): readonly T[] {
  try {
    return parse(result.stdout);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CommandError(command, {
      ...result,
      stderr: `${result.stderr}\nunreadable output: ${error.message}`,
    });
  }
}

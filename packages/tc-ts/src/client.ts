import { type Command, CommandError, type Runner, runBatch } from "@cni-chain/exec";
import { isDeviceName } from "@cni-chain/netlink";
import type { TcChange } from "./change.ts";
import { jsonDocuments } from "./json.ts";
import { observeOneByOne, readQdiscs } from "./observe-one-by-one.ts";
import { parseFilters, parseQdiscs } from "./parse.ts";
import type { DeviceShaping } from "./qdisc.ts";
import { renderChange, renderShow } from "./render.ts";

/** The command that makes these changes, in their order: one process. Throws TypeError, RangeError. */
export function changeCommand(changes: readonly TcChange[]): Command {
  return { file: "tc", argv: ["-batch", "-"], stdin: `${changes.map(renderChange).join("\n")}\n` };
}

/**
 * Makes the changes, in one process and in their order; none, no process. tc stops at the first that the kernel
 * refuses: CommandError, and what came before it stays made.
 */
export async function change(runner: Runner, changes: readonly TcChange[]): Promise<void> {
  if (changes.length > 0) await runBatch(runner, changeCommand(changes));
}

/**
 * Reads qdiscs and ingress filters of devices, in one process when all are there. A device that does not or cannot exist is
 * left out of the answer; each costs two processes more, because a batch has one exit code for everything. Throws CommandError.
 */
export async function observe(
  runner: Runner,
  devices: readonly string[],
): Promise<ReadonlyMap<string, DeviceShaping>> {
  const found = new Map<string, DeviceShaping>();
  let rest = devices.filter(isDeviceName);
  while (rest.length > 0) {
    const command = showCommand(rest);
    const result = await runner.run(command);
    if (result.kind !== "exited" || result.exitCode > 1) throw new CommandError(command, result);
    const answers = shapings(result.stdout);
    if (answers === undefined) return observeOneByOne(runner, devices.filter(isDeviceName));
    for (const [index, answer] of answers.entries()) found.set(rest[index] ?? "", answer);
    if (result.exitCode === 0) {
      if (answers.length < rest.length) throw new CommandError(command, result);
      return found;
    }
    // tc has stopped at the first device it could not read.
    const unread = rest[answers.length];
    if (unread === undefined || (await exists(runner, unread))) throw new CommandError(command, result);
    rest = rest.slice(answers.length + 1);
  }
  return found;
}

async function exists(runner: Runner, device: string): Promise<boolean> {
  return (await readQdiscs(runner, device)) !== undefined;
}

function showCommand(devices: readonly string[]): Command {
  // -r: the exact limit of a tbf beside the latency.
  return {
    file: "tc",
    argv: ["-j", "-r", "-batch", "-"],
    stdin: `${devices.flatMap(renderShow).join("\n")}\n`,
  };
}

/** Undefined for what is no JSON: tc before 5.17 writes u32 filters as plain text between the brackets. */
function shapings(stdout: string): readonly DeviceShaping[] | undefined {
  try {
    const documents = jsonDocuments(stdout);
    const answers: DeviceShaping[] = [];
    for (let index = 0; index + 1 < documents.length; index += 2) {
      answers.push({
        qdiscs: parseQdiscs(documents[index] ?? []),
        filters: parseFilters(documents[index + 1] ?? []),
      });
    }
    return answers;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

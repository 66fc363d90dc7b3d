import { type Command, CommandError, type Runner } from "@cni-chain/exec";
import { jsonDocuments } from "./json.ts";
import { parseQdiscs } from "./parse.ts";
import { parseFilterText } from "./parse-filter-text.ts";
import type { DeviceShaping, Qdisc } from "./qdisc.ts";

/**
 * The slow way round, two processes a device, for a tc whose filters are no valid JSON (iproute2 before 5.17). A device
 * that does not exist is left out. Throws CommandError.
 */
export async function observeOneByOne(
  runner: Runner,
  devices: readonly string[],
): Promise<ReadonlyMap<string, DeviceShaping>> {
  const found = new Map<string, DeviceShaping>();
  for (const device of devices) {
    const qdiscs = await readQdiscs(runner, device);
    if (qdiscs === undefined) continue;
    const command = { file: "tc", argv: ["filter", "show", "dev", device, "ingress"] };
    const filters = await read(runner, command, parseFilterText);
    if (filters !== undefined) found.set(device, { qdiscs, filters });
  }
  return found;
}

/** Asked alone, tc tells an unknown device (exit code 1: undefined) from a refusal of the kernel (exit code 2). */
export function readQdiscs(runner: Runner, device: string): Promise<readonly Qdisc[] | undefined> {
  const command = { file: "tc", argv: ["-j", "-r", "qdisc", "show", "dev", device] };
  return read(runner, command, (output) => jsonDocuments(output).flatMap(parseQdiscs));
}

async function read<T>(
  runner: Runner,
  command: Command,
  parse: (output: string) => T,
): Promise<T | undefined> {
  const result = await runner.run(command);
  if (result.kind === "exited" && result.exitCode === 1) return undefined;
  if (result.kind !== "exited" || result.exitCode !== 0) throw new CommandError(command, result);
  try {
    return parse(result.stdout);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const stderr = `unreadable output: ${error.message}`;
    throw new CommandError(command, { ...result, stderr });
  }
}

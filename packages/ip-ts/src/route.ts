import { CommandError, type Runner } from "@cni-chain/exec";
import { parseRouteDevice } from "./parse.ts";

/**
 * The device that packets to this address (IPv4 or IPv6, no prefix length) leave by, as the kernel's routing says
 * now; undefined where no route leads there, be it that none exists or that it is a blackhole. `ip` says this
 * with exit code 2, the kernel's refusal. Throws CommandError on every other failure.
 */
export async function routeDevice(runner: Runner, address: string): Promise<string | undefined> {
  if (!/^[0-9a-fA-F.:]+$/.test(address)) throw new TypeError(`not an IP address: ${JSON.stringify(address)}`);
  const command = { file: "ip", argv: ["-j", "route", "get", address] };
  const result = await runner.run(command);
  if (result.kind === "exited" && result.exitCode === 2) return undefined;
  if (result.kind === "exited" && result.exitCode === 0) return parseRouteDevice(result.stdout);
  throw new CommandError(command, result);
}

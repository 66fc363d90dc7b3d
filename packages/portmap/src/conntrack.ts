import { type Command, CommandError, type Runner, runToSuccess } from "@cni-chain/exec";
import type { Family } from "iptables-wrapper";
import { type Flow, parseFlows } from "./parse-conntrack.ts";

/** The UDP flows of a family; of one destination port only, where just one matters. One process. */
export async function udpFlows(runner: Runner, family: Family, ports: readonly number[]): Promise<Flow[]> {
  const onePort = ports.length === 1 ? ["--orig-port-dst", String(ports[0])] : [];
  const argv = ["-L", "-p", "udp", "-f", ipFamily(family), ...onePort];
  return parseFlows(await runToSuccess(runner, { file: "conntrack", argv }));
}

/**
 * Deletes the flows to the same addresses and ports as these. One process for one destination, and for
 * any number of them where conntrack reads commands from standard input (1.4.7 and later).
 */
export async function deleteFlows(runner: Runner, family: Family, flows: readonly Flow[]): Promise<void> {
  const destinations = new Set(
    flows.map(({ original }) => `-d ${original.destination} --orig-port-dst ${original.destinationPort}`),
  );
  const deletions = [...destinations].map((destination) => `-D -p udp -f ${ipFamily(family)} ${destination}`);
  if (deletions.length > 1) {
    const batch = await runner.run({
      file: "conntrack",
      argv: ["-R", "-"],
      stdin: `${deletions.join("\n")}\n`,
    });
    if (batch.kind === "exited" && batch.exitCode === 0) return;
  }
  for (const deletion of deletions) {
    const command: Command = { file: "conntrack", argv: deletion.split(" ") };
    const result = await runner.run(command);
    // Exit code 1: the flow has ended by itself meanwhile.
    if (result.kind !== "exited" || result.exitCode > 1) throw new CommandError(command, result);
  }
}

function ipFamily(family: Family): string {
  return family === "v4" ? "ipv4" : "ipv6";
}

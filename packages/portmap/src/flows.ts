import type { Family } from "iptables-wrapper";
import { deleteFlows, udpFlows } from "./conntrack.ts";
import type { Forward } from "./forwards.ts";
import type { Flow } from "./parse-conntrack.ts";
import { leftBehind, takenOver } from "./stale-flows.ts";
import type { Host } from "./tools.ts";

type Warn = (message: string) => void;

/**
 * UDP flows outlive the rules that made them: without this, clients of a port's last owner would go on
 * being sent to it. Failing leaves them where they are and everybody else served: said, not thrown.
 */
export async function endTakenOverFlows(
  family: Family,
  forwards: readonly Forward[],
  host: Host,
  warn: Warn,
) {
  await endFlows(family, forwards, host, warn, (flows, udp) =>
    takenOver(flows, udp, host.kernel.localAddresses()),
  );
}

/** The same for flows to a container that is going. */
export async function endFlowsLeftBehind(
  family: Family,
  forwards: readonly Forward[],
  host: Host,
  warn: Warn,
) {
  await endFlows(family, forwards, host, warn, leftBehind);
}

async function endFlows(
  family: Family,
  forwards: readonly Forward[],
  { runner }: Host,
  warn: Warn,
  choose: (flows: readonly Flow[], forwards: readonly Forward[]) => Flow[],
): Promise<void> {
  const udp = forwards.filter(({ protocol }) => protocol === "udp");
  if (udp.length === 0) return;
  const ports = [...new Set(udp.map(({ hostPort }) => hostPort))];
  try {
    const flows = await udpFlows(runner, family, ports);
    if (flows.length > 0) await deleteFlows(runner, family, choose(flows, udp));
  } catch (error) {
    warn(`old UDP flows to host port ${ports.join(", ")} could not be ended: ${(error as Error).message}`);
  }
}

import type { Forward } from "./forwards.ts";
import type { Flow } from "./parse-conntrack.ts";

/**
 * Flows that a new mapping takes over: to the host port at an address of the node, but answered by
 * somebody else than the container. The kernel would go on sending them there for as long as they last.
 */
export function takenOver(
  flows: readonly Flow[],
  forwards: readonly Forward[],
  isLocal: (address: string) => boolean,
) {
  return flows.filter(({ original, reply }) =>
    forwards.some(
      ({ hostPort, hostAddress, address, port }) =>
        original.destinationPort === hostPort &&
        (hostAddress === undefined ? isLocal(original.destination) : original.destination === hostAddress) &&
        !(reply.source === address && reply.sourcePort === port),
    ),
  );
}

/** Flows that a removed mapping leaves behind: to the host port, answered by the container. */
export function leftBehind(flows: readonly Flow[], forwards: readonly Forward[]): Flow[] {
  return flows.filter(({ original, reply }) =>
    forwards.some(
      ({ hostPort, address, port }) =>
        original.destinationPort === hostPort && reply.source === address && reply.sourcePort === port,
    ),
  );
}

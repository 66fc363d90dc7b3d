import type { Flow } from "./parse-conntrack.ts";

/** A mapping of UDP as the flows see it. */
export interface UdpForward {
  readonly hostPort: number;
  /** Only flows to this address of the node; undefined: to any of them. */
  readonly hostAddress: string | undefined;
  readonly address: string;
  readonly port: number;
}

/**
 * Flows that a new mapping takes over: to the host port at an address of the node, but answered by
 * somebody else than the container. The kernel would go on sending them there for as long as they last.
 */
export function takenOver(
  flows: readonly Flow[],
  forwards: readonly UdpForward[],
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
export function leftBehind(flows: readonly Flow[], forwards: readonly UdpForward[]): Flow[] {
  return flows.filter(({ original, reply }) =>
    forwards.some(
      ({ hostPort, address, port }) =>
        original.destinationPort === hostPort && reply.source === address && reply.sourcePort === port,
    ),
  );
}

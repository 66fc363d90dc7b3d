import { UsageError } from "../failure.ts";
import type { Owner } from "../node/owner.ts";
import type { NodeView } from "../node/read-node.ts";

/** What to keep of a node's ports and limits. */
export interface Filter {
  readonly network?: string | undefined;
  /** NAME, or NAMESPACE/NAME. */
  readonly pod?: string | undefined;
  readonly port?: PortFilter | undefined;
}

export interface PortFilter {
  readonly number: number;
  readonly protocol: string | undefined;
}

/** Reads `8080` or `8080/udp`. Throws UsageError. */
export function parsePort(text: string): PortFilter {
  const [, number, protocol] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? [];
  const port = Number(number);
  if (number === undefined || port < 1 || port > 65535) {
    throw new UsageError(
      `--port ${text}: expected 1 to 65535, with /tcp, /udp or /sctp behind it for one protocol`,
    );
  }
  return { number: port, protocol: protocol?.toLowerCase() };
}

/** The rows that all of the filter is true of; a limit is kept for a port where its container has that host port. */
export function filtered(view: NodeView, { network, pod, port }: Filter): NodeView {
  const isWanted = (owner: Owner) =>
    (network === undefined || owner.network === network) && (pod === undefined || isPod(owner, pod));
  const ports = view.ports.filter(
    ({ forward, owner }) =>
      isWanted(owner) &&
      (port === undefined ||
        (forward.hostPort === port.number && (port.protocol ?? forward.protocol) === forward.protocol)),
  );
  const containers = new Set(ports.flatMap(({ owner }) => owner.containerId ?? []));
  const limits = view.limits.filter(
    ({ owner }) => isWanted(owner) && (port === undefined || containers.has(owner.containerId ?? "")),
  );
  return { ...view, ports, limits };
}

function isPod({ pod }: Owner, wanted: string): boolean {
  return pod !== undefined && (pod.name === wanted || `${pod.namespace}/${pod.name}` === wanted);
}

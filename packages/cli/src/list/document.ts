import type { Forward } from "../node/forward.ts";
import type { Owner } from "../node/owner.ts";
import type { NodeView } from "../node/read-node.ts";
import type { LimitRow, PortRow } from "../node/rows.ts";

/** The document of `list --json`; what is not known is null. Its shape is told in packages/cli/README.md. */
export function listDocument({ ports, limits, problems }: NodeView) {
  return { ports: ports.map(portDocument), limits: limits.map(limitDocument), problems };
}

function portDocument({ forward, owner, conflicts }: PortRow) {
  const { protocol, family, backend, chain, conditional, packets, bytes } = forward;
  return {
    family,
    protocol,
    ...endpoints(forward),
    backend,
    chain,
    conditional,
    packets: packets ?? null,
    bytes: bytes ?? null,
    ...ownerDocument(owner),
    conflicts: conflicts.map(({ outcome, other }) => ({
      outcome,
      ...endpoints(other),
      backend: other.backend,
      network: other.network ?? null,
      containerId: other.containerId ?? null,
    })),
  };
}

function endpoints({ hostAddress, hostPort, podAddress, podPort }: Forward) {
  return { hostAddress: hostAddress ?? null, hostPort, podAddress, podPort };
}

function limitDocument({ shaped, owner }: LimitRow) {
  const { hostDevice, ifb, redirected, ingress, egress } = shaped;
  return {
    hostDevice: hostDevice ?? null,
    ifb: ifb ?? null,
    redirected,
    ingress: ingress ?? null,
    egress: egress ?? null,
    ...ownerDocument(owner),
  };
}

/** Whose it is, with what the cache proves: the same keys in every document. */
export function ownerDocument({ network, containerId, ifname, pod, standing }: Owner) {
  return {
    network: network ?? null,
    containerId: containerId ?? null,
    ifname: ifname ?? null,
    pod: pod ?? null,
    standing: standing.kind,
    reason: standing.kind === "attached" ? null : standing.reason,
  };
}

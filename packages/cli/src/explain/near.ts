import { foldKeys } from "@cni-chain/core";
import { definition } from "@cni-chain/portmap/definition";
import type { CachedAttachment } from "../libcni/cache.ts";
import type { PortRow } from "../node/rows.ts";
import { readListeners } from "./node-facts.ts";
import type { Scene } from "./scene.ts";
import { hears } from "./sockets.ts";

/** Who else has rules for the same port: they get nothing of it. */
export function rivalNotes({ view, packet }: Scene, winner: PortRow | undefined): string[] {
  return view.ports
    .filter((row) => row !== winner && isSamePort(row, packet) && isFor(row, packet.destination))
    .filter(
      ({ forward }) =>
        forward.podAddress !== winner?.forward.podAddress || forward.podPort !== winner.forward.podPort,
    )
    .map(
      (row) =>
        `${nameOf(row)} wants this port, too, and gets nothing: its rule (${row.forward.backend}) stands behind`,
    );
}

/** What of the node itself listens on the port. */
export async function hostListener({ packet, tools }: Scene): Promise<string | undefined> {
  const listeners = await readListeners(tools.runner, packet.protocol);
  if (listeners === undefined || !hears(listeners, packet.destination, packet.destinationPort))
    return undefined;
  return `the node itself listens on ${packet.protocol}/${packet.destinationPort} at ${packet.destination}`;
}

/** What is near a port that nobody forwards: the same port for another address, protocol or family, or rules that are lost. */
export async function nearNotes(scene: Scene): Promise<string[]> {
  const { view, packet, attachments } = scene;
  const rows = view.ports.filter(({ forward }) => forward.hostPort === packet.destinationPort);
  const near = rows.map((row) => {
    const { protocol, family, hostAddress } = row.forward;
    const ip = family === "v4" ? "IPv4" : "IPv6";
    const where = hostAddress === undefined ? `for every ${ip} address of the node` : `for ${hostAddress}`;
    const condition = row.forward.conditional ? ", under conditions" : "";
    return `${protocol}/${packet.destinationPort} is forwarded to ${nameOf(row)} ${where}${condition}`;
  });
  const lost = attachments
    .filter((one) => asks(one, scene))
    .map(
      ({ containerId, network }) =>
        `container ${containerId} on network ${network} asked for this port, by libcni's cache, but its rule is missing: cni-chain repair`,
    );
  return [...new Set([...near, ...lost])];
}

/** True where the attachment was made with this port, for an address that fits, and no rule of it stands. */
function asks({ capabilityArgs, containerId, network }: CachedAttachment, { packet, view }: Scene): boolean {
  const portMappings = capabilityArgs["portMappings"];
  if (portMappings === undefined) return false;
  const folded = foldKeys({ runtimeConfig: { portMappings } }, definition.schema.keys);
  if (definition.schema.validate(folded).length > 0 || typeof folded !== "object" || folded === null)
    return false;
  const read = definition.readConfig(folded as Parameters<typeof definition.readConfig>[0]);
  const stands = view.ports.some(
    (row) =>
      isSamePort(row, packet) && row.owner.containerId === containerId && row.owner.network === network,
  );
  return (
    read.ok &&
    !stands &&
    read.value.portMappings.some(
      ({ hostPort, protocol, hostIp }) =>
        hostPort === packet.destinationPort &&
        protocol === packet.protocol &&
        (hostIp.kind === "any" ||
          (hostIp.kind === "family"
            ? hostIp.family === packet.family
            : hostIp.address === packet.destination)),
    )
  );
}

function isSamePort({ forward }: PortRow, { protocol, destinationPort, family }: Scene["packet"]): boolean {
  return forward.protocol === protocol && forward.hostPort === destinationPort && forward.family === family;
}

function isFor({ forward: { hostAddress } }: PortRow, address: string): boolean {
  return hostAddress === undefined || hostAddress === address;
}

function nameOf({ owner, forward }: PortRow): string {
  if (owner.pod !== undefined) return `pod ${owner.pod.namespace}/${owner.pod.name}`;
  if (owner.containerId !== undefined) return `container ${owner.containerId}`;
  return `${forward.podAddress}:${forward.podPort}`;
}

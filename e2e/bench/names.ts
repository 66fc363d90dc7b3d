import { createHash } from "node:crypto";

/** Name of a container's own chain, as all portmap plugins have it: 28 characters, hashed from network and ID. */
export function containerChain(network: string, containerId: string): string {
  const hash = createHash("sha512").update(`${network}${containerId}`).digest("hex");
  return `CNI-DN-${hash}`.slice(0, 28);
}

/** Name of the link that shapes what leaves a container, as all bandwidth plugins have it: 15 characters. */
export function ifbName(network: string, containerId: string): string {
  const hash = createHash("sha512").update(`${network}${containerId}`).digest("hex");
  return `bwp${hash}`.slice(0, 15);
}

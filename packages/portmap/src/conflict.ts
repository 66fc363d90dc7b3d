import { CniError, ErrorCode } from "@cni-chain/core";
import type { Forward } from "./forwards.ts";

/** The sentence that names who has a host port. */
export function heldBy({ protocol, hostPort, hostAddress }: Forward, holder: string): string {
  const at = hostAddress === undefined ? "" : ` at ${hostAddress}`;
  return `hostPort ${hostPort}/${protocol}${at} is held by ${holder}`;
}

/** Throws CniError 102 that names every holder. */
export function refuseHeld(texts: readonly string[]): never {
  throw new CniError(
    ErrorCode.hostPortTaken,
    texts.join("; "),
    'onConflict is "refuse": free the port first, or set onConflict to "replace".',
  );
}

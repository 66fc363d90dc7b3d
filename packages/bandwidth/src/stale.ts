import type { AttachmentId } from "@cni-chain/core";
import type { Link } from "@cni-chain/ip-ts";
import { ifbName, isOthersIfb, networkOfOwnerText, vethOfOwnerText } from "./names.ts";

export interface StaleIfb {
  readonly ifb: string;
  /** The host's veth whose packets go there; undefined where no such link is left. */
  readonly veth: string | undefined;
}

/**
 * The ifbs of this network that belong to no valid attachment. An ifb tells its network by its alias alone, since its
 * name is a hash: one without, as the reference plugin makes them, may be any network's and is never stale. Nor is one whose name
 * is not that of the owner it names.
 *
 * @param links all of kind ifb and veth
 */
export function staleIfbs(
  links: readonly Link[],
  network: string,
  valid: readonly AttachmentId[],
): readonly StaleIfb[] {
  const kept = new Set(valid.map(({ containerId }) => ifbName({ network, containerId })));
  const veths = new Set(links.filter(({ kind }) => kind === "veth").map(({ name }) => name));
  return links
    .filter(({ kind, name }) => kind === "ifb" && /^bwp[0-9a-f]{12}$/.test(name) && !kept.has(name))
    .filter((link) => networkOfOwnerText(link.alias) === network && !isOthersIfb(link))
    .map(({ name, alias }) => {
      const veth = vethOfOwnerText(alias);
      return { ifb: name, veth: veth !== undefined && veths.has(veth) ? veth : undefined };
    });
}

import { type Attachment, hashName } from "@cni-chain/core";

/** The ifb of an attachment; the reference plugin's name, so that either finds what the other made. */
export function ifbName({ network, containerId }: Pick<Attachment, "network" | "containerId">): string {
  return hashName(15, "bwp", network + containerId);
}

/**
 * The text by which a person, and a DEL that is told nothing but names, get from an ifb back to the pod: its `ifalias`. Cut
 * to the 255 characters the kernel keeps.
 */
export function ownerText({ network, containerId, ifname }: Attachment, veth: string): string {
  const text = `cni-chain host=${plain(veth)} ifname=${plain(ifname)} network=${plain(network)} container=${plain(containerId)}`;
  return text.slice(0, mostAlias);
}

/** The host's veth that an ifb's alias names; undefined in a text that is not ours. */
export function vethOfOwnerText(text: string | undefined): string | undefined {
  const [, name] = /^cni-chain (?:.* )?host=(\S+)/.exec(text ?? "") ?? [];
  return name;
}

/** The network that an ifb's alias names; undefined in a text that is not ours, or cut before the name's end. */
export function networkOfOwnerText(text: string | undefined): string | undefined {
  const [, name] = /^cni-chain (?:.* )?network=(\S+) container=/.exec(text ?? "") ?? [];
  return name;
}

/** The container that an ifb's alias names; undefined in a text that is not ours, or may be cut within the ID. */
export function containerOfOwnerText(text: string | undefined): string | undefined {
  if (text?.length === mostAlias) return undefined;
  const [, id] = /^cni-chain .*\bcontainer=(\S+)$/.exec(text ?? "") ?? [];
  return id;
}

/**
 * True where a link's alias proves that it is not bandwidth's, whatever its name is: words of somebody else's, or an owner
 * whose ifb has another name. The reference plugin gives none.
 */
export function isOthersIfb({
  name,
  alias,
}: {
  readonly name: string;
  readonly alias?: string | undefined;
}): boolean {
  if (alias === undefined) return false;
  if (!alias.startsWith("cni-chain ")) return true;
  const [network, containerId] = [networkOfOwnerText(alias), containerOfOwnerText(alias)];
  return network !== undefined && containerId !== undefined && ifbName({ network, containerId }) !== name;
}

/** Characters of an alias that the kernel keeps. */
const mostAlias = 255;

/** Names may hold quotes and other signs that an `ip` batch cannot. */
function plain(name: string): string {
  return name.replace(/[^\w.@+-]/gu, "_");
}

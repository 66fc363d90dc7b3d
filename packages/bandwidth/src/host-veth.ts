import type { Interface, Result } from "@cni-chain/core";
import type { Link } from "@cni-chain/ip-ts";

/** Names of prevResult's interfaces on the node, without repetition: bridge, veth, perhaps our ifb. */
export function hostInterfaces(result: Result | undefined): readonly string[] {
  const onHost = ({ sandbox }: Interface): boolean => sandbox === undefined || sandbox === "";
  return [...new Set((result?.interfaces ?? []).filter(onHost).map(({ name }) => name))];
}

/**
 * The link among these that is the other end of the container's veth. Interface indices are counted per namespace,
 * so each end has to point at the other: one direction alone can be met by chance.
 */
export function otherEnd(container: Link, links: Iterable<Link>): Link | undefined {
  const { peer } = container;
  if (container.kind !== "veth" || peer?.where !== "elsewhere") return undefined;
  for (const link of links) {
    const back = link.peer;
    const mutual = back?.where === "elsewhere" && back.ifindex === container.ifindex;
    if (link.kind === "veth" && link.ifindex === peer.ifindex && mutual) return link;
  }
  return undefined;
}

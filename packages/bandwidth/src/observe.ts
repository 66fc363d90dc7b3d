import { CniError, ErrorCode, type Result } from "@cni-chain/core";
import type { Link } from "@cni-chain/ip-ts";
import type { DeviceShaping } from "tc-ts";
import { hostInterfaces, otherEnd } from "./host-veth.ts";
import type { Network } from "./network.ts";
import type { State } from "./state.ts";

export interface Place {
  /** Path of the container's network namespace. */
  readonly netns: string;
  readonly ifname: string;
  readonly prevResult: Result;
  readonly ifb: string;
}

/** Reads what concerns an attachment, both namespaces at a time. Throws CniError, and what Links and TrafficControl throw. */
export async function observeState(network: Network, place: Place): Promise<State> {
  const { netns, ifname, prevResult, ifb } = place;
  const candidates = hostInterfaces(prevResult);
  const [inside, outside] = await Promise.all([
    network.links.observe([ifname], { netns }),
    network.links.observe([...new Set([...candidates, ifb])]),
  ]);
  const container = requireVeth(inside.get(ifname), place);
  // Some main plugins do not list the host's end, or list it with the container's sandbox: then the kernel is asked.
  const veth =
    otherEnd(container, onlyThese(outside, candidates)) ?? (await network.links.otherEnd(container, netns));
  if (veth === undefined) {
    throw new CniError(
      ErrorCode.invalidConfig,
      `the host's end of ${ifname} is neither among the interfaces that the plugins before have reported nor elsewhere on this node`,
      `Interfaces without sandbox in prevResult: ${candidates.length === 0 ? "none" : candidates.join(", ")}. bandwidth has to come after the plugin that makes the veth pair, and to run in the network namespace of the pair's other end.`,
    );
  }
  return readShaping(network, veth, outside.get(ifb));
}

/** Reads qdiscs and filters of the two links. Throws as TrafficControl does. */
export async function readShaping({ tc }: Network, veth: Link, ifb: Link | undefined): Promise<State> {
  const shapings = await tc.observe(ifb === undefined ? [veth.name] : [veth.name, ifb.name]);
  const vethShaping = shapings.get(veth.name);
  if (vethShaping === undefined) {
    throw new CniError(ErrorCode.operationFailed, `${veth.name} has vanished while it was being read`);
  }
  const ifbShaping: DeviceShaping = shapings.get(ifb?.name ?? "") ?? { qdiscs: [], filters: [] };
  return { veth, vethShaping, ifb: ifb === undefined ? undefined : { link: ifb, shaping: ifbShaping } };
}

function requireVeth(link: Link | undefined, { ifname, netns }: Place): Link {
  if (link === undefined) {
    throw new CniError(ErrorCode.unknownContainer, `there is no interface ${ifname} in ${netns}`);
  }
  if (link.kind === "veth") return link;
  throw new CniError(
    ErrorCode.operationFailed,
    `${ifname} in ${netns} is of kind ${link.kind ?? "none (a physical device)"}, not veth: its traffic cannot be limited from outside`,
    "It has no end on the node that could be shaped. Use a main plugin that makes veth pairs (bridge, ptp), leave this pod's limits out, or shape all pods together on the parent device (the main plugin's `master`).",
  );
}

function onlyThese(links: ReadonlyMap<string, Link>, names: readonly string[]): readonly Link[] {
  return names.flatMap((name) => links.get(name) ?? []);
}

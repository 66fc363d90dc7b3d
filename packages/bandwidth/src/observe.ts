import { CniError, ErrorCode, type Result } from "@cni-chain/core";
import type { Runner } from "@cni-chain/exec";
import { type Link, observeLinks } from "@cni-chain/ip-ts";
import { type DeviceShaping, observe } from "tc-ts";
import { hostInterfaces, otherEnd } from "./host-veth.ts";
import type { State } from "./state.ts";

export interface Place {
  /** Path of the container's network namespace. */
  readonly netns: string;
  readonly ifname: string;
  readonly prevResult: Result;
  readonly ifb: string;
}

/** Reads what concerns an attachment, in three processes, two of them at a time. Throws CniError, CommandError. */
export async function observeState(runner: Runner, place: Place): Promise<State> {
  const { netns, ifname, prevResult, ifb } = place;
  const candidates = hostInterfaces(prevResult);
  const [inside, outside] = await Promise.all([
    observeLinks(runner, [ifname], { netns }),
    observeLinks(runner, [...new Set([...candidates, ifb])]),
  ]);
  const container = requireVeth(inside.get(ifname), place);
  const veth = otherEnd(container, onlyThese(outside, candidates));
  if (veth === undefined) {
    throw new CniError(
      ErrorCode.invalidConfig,
      `the host's end of ${ifname} is none of the interfaces that the plugins before have reported`,
      `Interfaces without sandbox in prevResult: ${candidates.length === 0 ? "none" : candidates.join(", ")}. bandwidth has to come after the plugin that makes the veth pair.`,
    );
  }
  return readShaping(runner, veth, outside.get(ifb));
}

/** Reads qdiscs and filters of the two links, in one process. Throws CommandError. */
export async function readShaping(runner: Runner, veth: Link, ifb: Link | undefined): Promise<State> {
  const shapings = await observe(runner, ifb === undefined ? [veth.name] : [veth.name, ifb.name]);
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
    "Use a main plugin that makes veth pairs (bridge, ptp), or leave the limits out.",
  );
}

function onlyThese(links: ReadonlyMap<string, Link>, names: readonly string[]): readonly Link[] {
  return names.flatMap((name) => links.get(name) ?? []);
}

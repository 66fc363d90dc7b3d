import {
  containerOfOwnerText,
  isOthersIfb,
  networkOfOwnerText,
  vethOfOwnerText,
} from "@cni-chain/bandwidth/names";
import type { Link } from "@cni-chain/ip-ts";
import type { CountedQdisc } from "tc-ts/counters";
import type { Limit, Shaped } from "./shaping.ts";

/** What the kernel told of its links. */
export interface Devices {
  /** All of kind veth and ifb. */
  readonly links: readonly Pick<Link, "name" | "ifindex" | "kind" | "alias">[];
  /** Of every device. */
  readonly qdiscs: readonly CountedQdisc[];
  /** By the index of a veth, the indices of the devices its arriving packets are redirected to. */
  readonly redirects: ReadonlyMap<number, readonly number[]>;
}

/** The limited devices of pods: each veth with a tbf or a way to an ifb, then each ifb of bandwidth's that is left over. */
export function shapedDevices({ links, qdiscs, redirects }: Devices): Shaped[] {
  const limits = limitsByDevice(qdiscs);
  const veths = links.filter(({ kind }) => kind === "veth");
  // What somebody else has written there tells nothing, but a veth may lead there nevertheless.
  const told = links.filter(isIfb).map((ifb) => (isOthersIfb(ifb) ? { ...ifb, alias: undefined } : ifb));
  const ifbs = new Map(told.map((ifb) => [ifb.ifindex, ifb]));
  const byAlias = new Map([...ifbs.values()].map((ifb) => [vethOfOwnerText(ifb.alias), ifb]));
  const found: Shaped[] = [];
  for (const { name, ifindex } of veths) {
    const target = redirects.get(ifindex)?.find((index) => ifbs.has(index));
    const ifb = target === undefined ? byAlias.get(name) : ifbs.get(target);
    const ingress = limits.get(ifindex);
    if (ingress === undefined && ifb === undefined) continue;
    found.push({
      hostDevice: name,
      redirected: target !== undefined,
      ...ofIfb(ifb, limits),
      ingress,
    });
    if (ifb !== undefined) ifbs.delete(ifb.ifindex);
  }
  const others = new Set(links.filter(isOthersIfb).map(({ ifindex }) => ifindex));
  const left = [...ifbs.values()]
    .filter(({ ifindex }) => !others.has(ifindex))
    .map(
      (ifb): Shaped => ({
        hostDevice: undefined,
        redirected: false,
        ...ofIfb(ifb, limits),
        ingress: undefined,
      }),
    );
  return [...found, ...left];
}

/** The tbf at each device's root. */
function limitsByDevice(qdiscs: readonly CountedQdisc[]): ReadonlyMap<number, Limit> {
  const limits = new Map<number, Limit>();
  for (const { ifindex, qdisc, counters } of qdiscs) {
    if (qdisc.kind !== "tbf" || !qdisc.root) continue;
    const { backlog, ...counted } = counters;
    limits.set(ifindex, {
      rateBitsPerSecond: qdisc.rate * 8,
      burstBits: qdisc.burst * 8,
      ...counted,
      backlogBytes: backlog,
    });
  }
  return limits;
}

function ofIfb(
  ifb: Devices["links"][number] | undefined,
  limits: ReadonlyMap<number, Limit>,
): Pick<Shaped, "ifb" | "network" | "containerId" | "ifname" | "egress"> {
  const { groups = {} } = /^cni-chain .*\bifname=(?<ifname>\S+) /.exec(ifb?.alias ?? "") ?? {};
  return {
    ifb: ifb?.name,
    network: networkOfOwnerText(ifb?.alias),
    containerId: containerOfOwnerText(ifb?.alias),
    ifname: groups["ifname"],
    egress: ifb === undefined ? undefined : limits.get(ifb.ifindex),
  };
}

/** Those of bandwidth, by their names. */
function isIfb({ kind, name }: Pick<Link, "kind" | "name">): boolean {
  return kind === "ifb" && /^bwp[0-9a-f]{12}$/.test(name);
}

import {
  type Exchange,
  flag,
  ifindexOf,
  parseAttributes,
  type Request,
  readU32,
  readU64,
} from "@cni-chain/netlink";
import { bytesOf, qdiscType, tca } from "./netlink-numbers.ts";
import { type ParsedRedirect, parseFilter, parseQdisc } from "./parse-netlink.ts";
import type { OtherFilter, Qdisc } from "./qdisc.ts";
import { filtersRequest } from "./render-netlink.ts";

/** What a qdisc has counted since it was made; linux/gen_stats.h. Drops and overlimits begin again behind 2^32 - 1. */
export interface QdiscCounters {
  /** Sent on, and so many packets (of segmentation offload: as they would be on a wire). */
  readonly bytes: number;
  readonly packets: number;
  readonly drops: number;
  /** How often a packet had to wait. */
  readonly overlimits: number;
  /** Bytes that wait now. */
  readonly backlog: number;
}

/** A qdisc, the index of its device, and its counters. */
export interface CountedQdisc {
  readonly ifindex: number;
  readonly qdisc: Qdisc;
  readonly counters: QdiscCounters;
}

/** Every qdisc of every device of the namespace, in one dump. Throws NetlinkError. */
export function countedQdiscs(exchange: Exchange): readonly CountedQdisc[] {
  const body = new Uint8Array(bytesOf.header);
  const request: Request = { what: () => "qdisc show", type: qdiscType.get, flags: flag.dump, body };
  return exchange(request).map(({ body }) => ({
    ifindex: ifindexOf(body),
    qdisc: parseQdisc(body),
    counters: countersOf(body),
  }));
}

/** The filters on what arrives at a device, their targets as indices. Throws NetlinkError. */
export function arrivingFilters(
  exchange: Exchange,
  device: string,
  ifindex: number,
): readonly (ParsedRedirect | OtherFilter)[] {
  return exchange(filtersRequest(device, ifindex)).flatMap(({ body }) => parseFilter(body) ?? []);
}

/** TCA_STATS_BASIC, _QUEUE and _PKT64 of TCA_STATS2. */
const statistics = { basic: 1, queue: 3, packets64: 8 } as const;

function countersOf(body: Uint8Array): QdiscCounters {
  const all = parseAttributes(body.subarray(bytesOf.header)).get(tca.statistics);
  const found = all === undefined ? undefined : parseAttributes(all);
  const [basic, queue] = [found?.get(statistics.basic), found?.get(statistics.queue)];
  const inQueue = (at: number) => readU32(queue?.subarray(at)) ?? 0;
  return {
    bytes: Number(readU64(basic) ?? 0n),
    packets: Number(readU64(found?.get(statistics.packets64)) ?? readU32(basic?.subarray(8)) ?? 0),
    drops: inQueue(8),
    overlimits: inQueue(16),
    backlog: inQueue(4),
  };
}

import {
  type Exchange,
  errno,
  exchangeOver,
  findLink,
  ifindexOf,
  NetlinkError,
  nameOf,
  type OpenSocket,
} from "@cni-chain/netlink";
import type { TcChange } from "./change.ts";
import { parseFilter, parseQdisc } from "./parse-netlink.ts";
import type { DeviceShaping, Filter, Qdisc } from "./qdisc.ts";
import { renderChange, renderShow } from "./render.ts";
import { changeRequest, filtersRequest, qdiscRequest } from "./render-netlink.ts";
import type { TrafficControl } from "./traffic-control.ts";

/**
 * By rtnetlink in this process, a socket a call. Of a device's qdiscs it reads those at the root and for arriving packets alone, by
 * name: what hangs below a classful root is not in the answer, and the cost does not grow with the node. Throws
 * NetlinkError; TypeError and RangeError on what tc could not be given either.
 */
export function trafficControlByNetlink(open: OpenSocket): TrafficControl {
  return {
    async observe(devices) {
      for (const device of devices) renderShow(device);
      using socket = open();
      return observe(exchangeOver(socket), devices);
    },
    async change(changes) {
      if (changes.length === 0) return;
      // All of them first: what tc could not be given keeps every change from being made, as in a batch.
      for (const change of changes) renderChange(change);
      using socket = open();
      const exchange = exchangeOver(socket);
      for (const change of changes) {
        exchange(changeRequest(change, (device) => requireIndex(exchange, device, change)));
      }
    },
  };
}

function observe(exchange: Exchange, devices: readonly string[]): ReadonlyMap<string, DeviceShaping> {
  const found = new Map<string, DeviceShaping>();
  for (const device of devices) {
    const link = findLink(exchange, { name: device });
    if (link === undefined) continue;
    const ifindex = ifindexOf(link);
    const shaping = unlessGone(() => read(exchange, device, ifindex));
    if (shaping !== undefined) found.set(device, shaping);
  }
  return found;
}

function read(exchange: Exchange, device: string, ifindex: number): DeviceShaping {
  const places = ["root", "hook"] as const;
  return {
    qdiscs: places.flatMap((place) => readQdisc(exchange, device, ifindex, place)),
    filters: exchange(filtersRequest(device, ifindex)).flatMap(({ body }): readonly Filter[] => {
      const filter = parseFilter(body);
      if (filter === undefined || filter.kind === "other") return filter === undefined ? [] : [filter];
      const { targetIndex, ...redirect } = filter;
      const target = targetIndex === 0 ? undefined : findLink(exchange, { ifindex: targetIndex });
      return [{ ...redirect, target: target === undefined ? undefined : nameOf(target) }];
    }),
  };
}

/** ENOENT: no qdisc in this place. EINVAL: one that the kernel keeps to itself, as at the root of a link that is down. */
function readQdisc(
  exchange: Exchange,
  device: string,
  ifindex: number,
  place: "root" | "hook",
): readonly Qdisc[] {
  try {
    return exchange(qdiscRequest(device, ifindex, place)).map(({ body }) => parseQdisc(body));
  } catch (error) {
    const number = error instanceof NetlinkError ? error.errno : 0;
    if (number === errno.ENOENT || number === errno.EINVAL) return [];
    throw error;
  }
}

function unlessGone<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (error instanceof NetlinkError && error.errno === errno.ENODEV) return undefined;
    throw error;
  }
}

function requireIndex(exchange: Exchange, device: string, change: TcChange): number {
  const link = findLink(exchange, { name: device });
  if (link !== undefined) return ifindexOf(link);
  throw new NetlinkError(renderChange(change), errno.ENODEV, `there is no device ${device}`);
}

import {
  type Exchange,
  errno,
  exchangeOver,
  findLink,
  ifindexOf,
  NetlinkError,
  nameOf,
  type OpenSocket,
  type Request,
} from "@cni-chain/netlink";
import type { TcChange } from "./change.ts";
import { parseFilter, parseQdisc } from "./parse-netlink.ts";
import type { DeviceShaping, Filter, Qdisc } from "./qdisc.ts";
import { changeLine, changeRequest, filtersRequest, qdiscRequest } from "./render-netlink.ts";
import type { TrafficControl } from "./traffic-control.ts";

/**
 * By rtnetlink in this process. Of a device's qdiscs it reads those at the root and for arriving packets alone, by
 * name: what hangs below a classful root is not in the answer, and the cost does not grow with the node. Throws
 * NetlinkError; TypeError and RangeError on what the kernel could not be given.
 */
export function trafficControlByNetlink(open: OpenSocket): TrafficControl {
  const over = <T>(work: (exchange: Exchange) => T): T => {
    const socket = open();
    try {
      return work(exchangeOver(socket));
    } finally {
      socket.close();
    }
  };
  return {
    observe: async (devices) => over((exchange) => observe(exchange, devices)),
    async change(changes) {
      if (changes.length > 0) over((exchange) => make(exchange, changes));
    },
  };
}

function make(exchange: Exchange, changes: readonly TcChange[]): void {
  // All of them first: what cannot be keeps every change from being made, as in a batch of tc.
  for (const change of changes) changeRequest(change, () => 0);
  const indexes = new Map<string, number>();
  for (const change of changes) {
    const request = changeRequest(change, (device) => {
      const index = indexes.get(device) ?? requireIndex(exchange, device, change);
      indexes.set(device, index);
      return index;
    });
    exchange(request);
  }
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
  const qdiscs: Qdisc[] = [];
  readQdisc(exchange, qdiscRequest(device, ifindex, "root"), qdiscs);
  readQdisc(exchange, qdiscRequest(device, ifindex, "hook"), qdiscs);
  const filters: Filter[] = [];
  for (const { body } of exchange(filtersRequest(device, ifindex))) {
    const filter = parseFilter(body);
    if (filter === undefined) continue;
    if (filter.kind === "other") {
      filters.push(filter);
      continue;
    }
    const { targetIndex, ...redirect } = filter;
    const target = targetIndex === 0 ? undefined : findLink(exchange, { ifindex: targetIndex });
    filters.push({ ...redirect, target: target === undefined ? undefined : nameOf(target) });
  }
  return { qdiscs, filters };
}

/** ENOENT: no qdisc in this place. EINVAL: one that the kernel keeps to itself, as at the root of a link that is down. */
function readQdisc(exchange: Exchange, request: Request, found: Qdisc[]): void {
  try {
    for (const { body } of exchange(request)) found.push(parseQdisc(body));
  } catch (error) {
    const number = error instanceof NetlinkError ? error.errno : 0;
    if (number !== errno.ENOENT && number !== errno.EINVAL) throw error;
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
  throw new NetlinkError(changeLine(change), errno.ENODEV, `there is no device ${device}`);
}

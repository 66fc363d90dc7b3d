import { encodeAttributes, joined, parseAttributes, readU32 } from "./attributes.ts";
import { errno, NetlinkError } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { findLink, nameOf } from "./links.ts";
import type { Request } from "./message.ts";

/** RTM_GETROUTE of linux/rtnetlink.h. */
const getRoute = 26;
/** struct rtmsg, behind which the attributes begin: family, length of the destination, … */
const headerBytes = 12;
const AF_INET = 2;
/** RTA_DST, RTA_OIF. */
const attribute = { destination: 1, device: 4 } as const;

/** Asks for the route to one IPv4 address of four bytes. */
function routeRequest(address: Uint8Array): Request {
  const header = new Uint8Array(headerBytes);
  header[0] = AF_INET;
  header[1] = 32;
  const attributes = encodeAttributes([[attribute.destination, address]]);
  return {
    what: () => `route get ${address.join(".")}`,
    type: getRoute,
    flags: 0,
    body: joined([header, attributes]),
  };
}

/**
 * The device that packets to an IPv4 address (four bytes) leave by, as the kernel's routing says now; undefined where
 * no route leads there, which the kernel says by one refusal or another. Throws NetlinkError on other faults.
 */
export function deviceTo(exchange: Exchange, address: Uint8Array): string | undefined {
  const index = deviceIndex(exchange, address);
  const link = index === undefined ? undefined : findLink(exchange, { ifindex: index });
  return link === undefined ? undefined : nameOf(link);
}

/** What is said for no route, and for one of type unreachable, blackhole or prohibit. */
const leadsNowhere = new Set<number>([errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EINVAL, errno.EACCES]);

function deviceIndex(exchange: Exchange, address: Uint8Array): number | undefined {
  try {
    const [message] = exchange(routeRequest(address));
    if (message === undefined) return undefined;
    return readU32(parseAttributes(message.body.subarray(headerBytes)).get(attribute.device));
  } catch (error) {
    if (error instanceof NetlinkError && leadsNowhere.has(error.errno)) return undefined;
    throw error;
  }
}

import { encodeAttributes, joined, parseAttributes, readU32, u32 } from "./attributes.ts";
import type { Exchange } from "./exchange.ts";
import type { Request } from "./message.ts";

/** RTM_GETNSID of linux/rtnetlink.h. */
const getNsid = 90;
/** struct rtgenmsg, padded to where attributes begin. */
const headerBytes = 4;
/** NETNSA_… of linux/net_namespace.h. */
const attribute = { nsid: 1, fd: 3 } as const;
/** NETNSA_NSID_NOT_ASSIGNED, −1. */
const notAssigned = 0xffffffff;

/** Asks for the number by which the exchange's namespace knows the one this file descriptor is of. */
function netnsidRequest(fd: number): Request {
  const body = joined([new Uint8Array(headerBytes), encodeAttributes([[attribute.fd, u32(fd)]])]);
  return { what: () => "netns list-id", type: getNsid, flags: 0, body };
}

/** That number, as a link's IFLA_LINK_NETNSID has it; undefined where there is none. Throws NetlinkError. */
export function netnsidOf(exchange: Exchange, fd: number): number | undefined {
  const [message] = exchange(netnsidRequest(fd));
  if (message === undefined) return undefined;
  const id = readU32(parseAttributes(message.body.subarray(headerBytes)).get(attribute.nsid));
  return id === notAssigned ? undefined : id;
}

import { files } from "@cni-chain/libc";
import {
  type Exchange,
  errno,
  exchangeOver,
  findLink,
  type LinkId,
  linksOfKindRequest,
  NetlinkError,
  nameOf,
  netnsidOf,
  type OpenSocket,
  type Request,
} from "@cni-chain/netlink";
import type { LinkStep, Where } from "./client.ts";
import type { Address, Link, LinkWithAddresses, Peer } from "./link.ts";
import type { Links } from "./links.ts";
import { type ParsedLink, parseAddress, parseLink } from "./parse-netlink.ts";
import { addressesRequest, linkChangeRequest } from "./render-netlink.ts";

/** By rtnetlink in this process, a socket a call. Throws NetlinkError; TypeError on what is no device name. */
export function linksByNetlink(open: OpenSocket): Links {
  const over = <T>(where: Where | undefined, work: (exchange: Exchange) => T): T => {
    const socket = open(where?.netns);
    try {
      return work(exchangeOver(socket));
    } finally {
      socket.close();
    }
  };
  return {
    observe: async (names, where) => over(where, (exchange) => observe(exchange, names)),
    ofKinds: async (kinds, where) => over(where, (exchange) => ofKinds(exchange, kinds)),
    otherEnd: async (veth, netns) => over(undefined, (exchange) => otherEnd(exchange, veth, netns)),
    change: async (steps, where) => over(where, (exchange) => change(exchange, steps)),
    delete: async (name, where) => over(where, (exchange) => deleteOne(exchange, name)),
    deleteAll: async (names, where) => over(where, (exchange) => deleteAll(exchange, names)),
  };
}

function observe(exchange: Exchange, names: readonly string[]): ReadonlyMap<string, Link> {
  const links = new Map<string, Link>();
  for (const name of names) {
    const link = find(exchange, { name });
    if (link !== undefined) links.set(link.name, link);
  }
  return links;
}

/** Kernels before 4.6 answer with links of all kinds. */
function ofKinds(exchange: Exchange, kinds: readonly string[]): readonly Link[] {
  // Many have the same master.
  const names = new Map<number, string | undefined>();
  const nameOfIndex = (ifindex: number) => {
    if (!names.has(ifindex)) names.set(ifindex, nameAt(exchange, ifindex));
    return names.get(ifindex);
  };
  return kinds
    .flatMap((kind) =>
      exchange(linksOfKindRequest(kind))
        .map(({ body }) => parseLink(body))
        .filter((link) => link.kind === kind),
    )
    .map((link) => related(link, nameOfIndex));
}

function otherEnd(exchange: Exchange, { ifindex, peer }: Link, netns: string): Link | undefined {
  if (peer?.where !== "elsewhere") return undefined;
  const found = find(exchange, { ifindex: peer.ifindex });
  const back = found?.peer;
  if (found?.kind !== "veth" || back?.where !== "elsewhere" || back.ifindex !== ifindex) return undefined;
  return back.netnsid === netnsidAt(exchange, netns) ? found : undefined;
}

function netnsidAt(exchange: Exchange, netns: string): number | undefined {
  const fd = files.open(netns);
  try {
    return netnsidOf(exchange, fd);
  } finally {
    files.close(fd);
  }
}

function change(exchange: Exchange, steps: readonly LinkStep[]): readonly LinkWithAddresses[] {
  // All of them first: a name that cannot be keeps every step from being taken, as in a batch of ip.
  const requests: (Request | string)[] = [];
  for (const step of steps) requests.push(step.do === "show" ? step.name : linkChangeRequest(step));
  const seen: LinkWithAddresses[] = [];
  for (const request of requests) {
    if (typeof request === "string") seen.push(show(exchange, request));
    else exchange(request);
  }
  return seen;
}

function show(exchange: Exchange, name: string): LinkWithAddresses {
  const link = find(exchange, { name });
  if (link === undefined) throw new NetlinkError(`addr show dev ${name}`, errno.ENODEV, undefined);
  const addresses: Address[] = [];
  for (const { body } of exchange(addressesRequest(name, link.ifindex))) {
    const found = parseAddress(body);
    if (found?.ifindex === link.ifindex) addresses.push(found.address);
  }
  return { ...link, addresses };
}

/** Answers `absent` where a look finds none, before or after the kernel's refusal. */
function deleteOne(exchange: Exchange, name: string): "deleted" | "absent" {
  const request = linkChangeRequest({ do: "delete", name });
  try {
    exchange(request);
    return "deleted";
  } catch (error) {
    if (find(exchange, { name }) !== undefined) throw error;
    return "absent";
  }
}

function deleteAll(exchange: Exchange, names: readonly string[]): void {
  const failures: unknown[] = [];
  for (const name of names) {
    try {
      deleteOne(exchange, name);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 1)
    throw new AggregateError(failures, `${failures.length} links could not be deleted`);
  if (failures.length > 0) throw failures[0];
}

function find(exchange: Exchange, id: LinkId): Link | undefined {
  const body = findLink(exchange, id);
  return body === undefined ? undefined : related(parseLink(body), (ifindex) => nameAt(exchange, ifindex));
}

/** A link that is gone by now has none. */
function nameAt(exchange: Exchange, ifindex: number): string | undefined {
  const body = findLink(exchange, { ifindex });
  return body === undefined ? undefined : nameOf(body);
}

/** Puts names in the place of indices. */
function related(link: ParsedLink, nameOfIndex: (ifindex: number) => string | undefined): Link {
  const { masterIndex, peerIndex, peerNetnsid, ...rest } = link;
  const name = (ifindex: number | undefined) =>
    ifindex === undefined || ifindex === 0 ? undefined : nameOfIndex(ifindex);
  return { ...rest, master: name(masterIndex), peer: peer(peerIndex, peerNetnsid, name) };
}

function peer(
  ifindex: number | undefined,
  netnsid: number | undefined,
  nameOfIndex: (ifindex: number) => string | undefined,
): Peer | undefined {
  if (ifindex === undefined) return undefined;
  if (netnsid !== undefined) return { where: "elsewhere", ifindex, netnsid };
  const name = nameOfIndex(ifindex);
  return name === undefined ? undefined : { where: "here", name };
}

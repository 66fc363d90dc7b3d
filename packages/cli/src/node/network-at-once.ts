import type { Network } from "@cni-chain/bandwidth/network";
import type { Link } from "@cni-chain/ip-ts";
import { type Exchange, exchangeOver, findLink, nameOf, type OpenSocket } from "@cni-chain/netlink";
import type { DeviceShaping, Filter } from "tc-ts";
import { countedQdiscs } from "tc-ts/counters";
import { arrivingUnlessGone } from "./arriving.ts";

type Links = Network["links"];

/**
 * The network for one look at many attachments: links and qdiscs of the node are dumped once, whatever is asked for, and
 * what is seen in a container's namespace is kept. What changes anything goes to the real network, and is not seen here.
 * Without sockets it is the real one.
 */
export function networkAtOnce(real: Network, open: OpenSocket | undefined): Network {
  if (open === undefined) return real;
  const kinds = ["veth", "ifb"];
  const links = once(async () => {
    const found = await real.links.ofKinds(kinds);
    return new Map(found.map((link) => [link.name, link]));
  });
  const shapings = once(async () => {
    const found = await links();
    const socket = open();
    try {
      return shapingsOf(exchangeOver(socket), [...found.values()]);
    } finally {
      socket.close();
    }
  });
  const elsewhere = new Map<string, ReturnType<Links["observe"]>>();
  const kept = (key: string, look: () => ReturnType<Links["observe"]>) => {
    const seen = elsewhere.get(key) ?? look();
    elsewhere.set(key, seen);
    return seen;
  };
  return {
    ...real,
    links: {
      ...real.links,
      async observe(names, where) {
        if (where?.netns !== undefined) {
          return kept(`${where.netns} ${names.join(" ")}`, () => real.links.observe(names, where));
        }
        const known = await links();
        const others = names.filter((name) => !known.has(name));
        const more =
          others.length === 0 ? known : await kept(others.join(" "), () => real.links.observe(others));
        return named(names, (name) => known.get(name) ?? more.get(name));
      },
      async ofKinds(wanted, where) {
        if (where?.netns !== undefined || !wanted.every((kind) => kinds.includes(kind))) {
          return real.links.ofKinds(wanted, where);
        }
        return [...(await links()).values()].filter(({ kind }) => wanted.includes(kind ?? ""));
      },
    },
    tc: {
      ...real.tc,
      async observe(devices) {
        const known = await shapings();
        const others = devices.filter((device) => !known.has(device));
        const more = others.length === 0 ? known : await real.tc.observe(others);
        return named(devices, (device) => known.get(device) ?? more.get(device));
      },
    },
  };
}

/** Qdiscs at the root and for arriving packets, and the filters on the latter, of each of these links. */
function shapingsOf(exchange: Exchange, links: readonly Link[]): ReadonlyMap<string, DeviceShaping> {
  const qdiscs = Map.groupBy(countedQdiscs(exchange), ({ ifindex }) => ifindex);
  const names = new Map(links.map(({ ifindex, name }) => [ifindex, name]));
  const nameAt = (ifindex: number): string | undefined => {
    if (ifindex === 0) return undefined;
    const found = names.has(ifindex) ? undefined : findLink(exchange, { ifindex });
    return names.get(ifindex) ?? (found === undefined ? undefined : nameOf(found));
  };
  return new Map(
    links.flatMap(({ name, ifindex }): [string, DeviceShaping][] => {
      const own = (qdiscs.get(ifindex) ?? []).map(({ qdisc }) => qdisc);
      const hooks = own.filter((qdisc) => qdisc.kind === "ingress" || qdisc.kind === "clsact");
      const roots = own.filter((qdisc) => (qdisc.kind === "tbf" || qdisc.kind === "other") && qdisc.root);
      const filters = hooks.length === 0 ? [] : filtersOf(exchange, name, ifindex, nameAt);
      return filters === undefined ? [] : [[name, { qdiscs: [...roots, ...hooks], filters }]];
    }),
  );
}

/** Undefined for a device that is gone since the links were read. */
function filtersOf(
  exchange: Exchange,
  device: string,
  ifindex: number,
  nameAt: (ifindex: number) => string | undefined,
): Filter[] | undefined {
  const found = arrivingUnlessGone(exchange, device, ifindex);
  return found?.map((filter) => {
    if (filter.kind === "other") return filter;
    const { targetIndex, ...redirect } = filter;
    return { ...redirect, target: nameAt(targetIndex) };
  });
}

function named<T>(names: readonly string[], of: (name: string) => T | undefined): ReadonlyMap<string, T> {
  return new Map(
    names.flatMap((name): [string, T][] => {
      const found = of(name);
      return found === undefined ? [] : [[name, found]];
    }),
  );
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read();
    return reading;
  };
}

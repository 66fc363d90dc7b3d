import { readdirSync } from "node:fs";
import { join } from "node:path";
import { netnsState } from "@cni-chain/ip-ts";
import { linksByNetlink } from "@cni-chain/ip-ts/netlink";
import { addressesOf } from "../node/owner.ts";
import type { Hop } from "./explanation.ts";
import { readAddresses, readListeners } from "./node-facts.ts";
import type { Packet } from "./packet.ts";
import type { Scene } from "./scene.ts";
import { hears } from "./sockets.ts";

/** Where an address is, as far as it can be found. */
export type PodFound =
  | {
      readonly kind: "there";
      readonly netns: string;
      readonly ifname: string;
      readonly hostDevice: string | undefined;
    }
  | {
      readonly kind: "gone";
      readonly reason: string;
      readonly remedy: string;
      readonly hostDevice?: undefined;
    }
  | { readonly kind: "unknown"; readonly hostDevice?: undefined };

/** Most namespaces that are looked into for an address, at some 3 ms each. */
const mostLooks = 300;

/**
 * Looks for an address where libcni's cache says that it is, or else in every namespace that has a name; and at the way to
 * it from `outDevice`, by which the node sends.
 */
export async function findPod(scene: Scene, address: string, outDevice: string): Promise<PodFound> {
  const claimed = scene.attachments.filter((one) => addressesOf(one).includes(address));
  for (const { netns } of claimed) {
    const found = netns === undefined ? undefined : await inside(scene, netns, address, outDevice);
    if (found !== undefined) return found;
  }
  for (const netns of namedNamespaces().slice(0, mostLooks)) {
    const found = await inside(scene, netns, address, outDevice);
    if (found !== undefined) return found;
  }
  const states = claimed.flatMap(({ netns }) =>
    netns === undefined ? [] : [{ netns, state: stateOf(netns) }],
  );
  const lost = states.find(({ state }) => state !== "present");
  if (lost !== undefined && states.every(({ state }) => state !== "present")) {
    const reason = `the pod is gone: ${lost.netns} is no network namespace any more`;
    return { kind: "gone", reason, remedy: "cni-chain repair" };
  }
  if (states.length > 0) {
    const reason = `the pod has no ${address} any more (${states[0]?.netns})`;
    return { kind: "gone", reason, remedy: "remove the pod and let its runtime make it anew" };
  }
  return { kind: "unknown" };
}

async function inside(
  { tools }: Scene,
  netns: string,
  address: string,
  outDevice: string,
): Promise<PodFound | undefined> {
  if (stateOf(netns) !== "present") return undefined;
  try {
    const found = (await readAddresses(tools.runner, netns)).find((one) => one.address === address);
    if (found === undefined) return undefined;
    const { device } = found;
    if (!found.isUp) {
      const remedy = `nsenter --net=${netns} ip link set dev ${device} up`;
      return { kind: "gone", reason: `${device} in ${netns}, which has ${address}, is down`, remedy };
    }
    const links = linksByNetlink(tools.netlink);
    const link = (await links.observe([device], { netns })).get(device);
    const host = link === undefined ? undefined : await links.otherEnd(link, netns);
    const { master } = host ?? {};
    const bridge = master === undefined ? undefined : (await links.observe([master])).get(master);
    const down = [host, bridge].find((one) => one?.up === false);
    if (down !== undefined) {
      const remedy = `ip link set dev ${down.name} up`;
      return { kind: "gone", reason: `${down.name}, by which the node reaches the pod, is down`, remedy };
    }
    if (host !== undefined && bridge === undefined && host.name !== outDevice) {
      const way = (await links.observe([outDevice])).get(outDevice);
      if (way?.kind === "bridge") {
        const reason = `${host.name}, by which the node reaches the pod, is no port of bridge ${outDevice} any more`;
        return { kind: "gone", reason, remedy: `ip link set dev ${host.name} master ${outDevice}` };
      }
    }
    return { kind: "there", netns, ifname: device, hostDevice: host?.name };
  } catch {
    // Gone while it was looked at, or not for us to see.
    return undefined;
  }
}

function stateOf(netns: string): ReturnType<typeof netnsState> {
  try {
    return netnsState(netns);
  } catch {
    return "missing";
  }
}

function namedNamespaces(): readonly string[] {
  try {
    return readdirSync("/run/netns").map((name) => join("/run/netns", name));
  } catch {
    return [];
  }
}

/** Whether anybody in the pod waits for the packet. */
export async function listenerHop(
  { tools }: Scene,
  pod: PodFound,
  { protocol, destination, destinationPort }: Packet,
): Promise<Hop> {
  const hop = { name: "listener", rules: [], doubts: [] } as const;
  const port = `${protocol}/${destinationPort}`;
  const listeners = pod.kind === "there" ? await readListeners(tools.runner, protocol, pod.netns) : undefined;
  if (listeners === undefined) {
    return {
      ...hop,
      passes: true,
      certain: false,
      text: `whether the pod listens on ${port} cannot be seen`,
    };
  }
  if (hears(listeners, destination, destinationPort)) {
    return { ...hop, passes: true, certain: true, text: `the pod listens on ${port}` };
  }
  const elsewhere = listeners.find((one) => one.port === destinationPort);
  const but = elsewhere === undefined ? "" : `, only at ${elsewhere.address}`;
  return { ...hop, passes: false, certain: true, text: `nothing in the pod listens on ${port}${but}` };
}

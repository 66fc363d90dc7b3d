import { isJsonObject, parseJson } from "@cni-chain/core";
import { Failure } from "../failure.ts";
import { type CachedAttachment, readCache } from "../libcni/cache.ts";
import { type NodeView, readNode } from "../node/read-node.ts";
import type { NodeTools } from "../node/tools.ts";
import { isLoopback, neighbourOf } from "./addresses.ts";
import { type DeviceAddress, localTest, readAddresses, routeOf } from "./node-facts.ts";
import type { Family, Packet, Protocol, Surroundings } from "./packet.ts";
import { readRuleset } from "./read-ruleset.ts";
import type { BaseChain } from "./ruleset.ts";

/** What is asked: a port, and where from and to, as far as somebody said. */
export interface Question {
  readonly protocol: Protocol;
  readonly port: number;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly cacheDir: string;
}

/** Everything that is known of the node, and the packet at the start of its way. */
export interface Scene {
  readonly tools: NodeTools;
  readonly node: Surroundings;
  readonly addresses: readonly DeviceAddress[];
  readonly chains: readonly BaseChain[];
  readonly view: NodeView;
  readonly attachments: readonly CachedAttachment[];
  readonly packet: Packet;
  /** It starts on the node itself. */
  readonly isOwn: boolean;
  /** Who sends it, for a person. */
  readonly sender: string;
  readonly problems: readonly string[];
}

/** Looks at the node. Throws Failure where nothing tells where a packet could come from. */
export async function readScene(question: Question, tools: NodeTools): Promise<Scene> {
  const addresses = await readAddresses(tools.runner);
  const isLocal = localTest(addresses);
  const { attachments } = await readCache(question.cacheDir);
  const view = await readNode(tools, question.cacheDir);
  const ends = await endsOf(question, addresses, view, isLocal, tools);
  const { chains, problems } = await readRuleset(tools, ends.family);
  const packet: Packet = {
    family: ends.family,
    protocol: question.protocol,
    source: ends.from,
    sourcePort: undefined,
    destination: ends.to,
    destinationPort: question.port,
    inDevice: ends.inDevice,
    outDevice: ends.isOwn ? "lo" : undefined,
    mark: 0,
    state: "new",
    dnat: false,
    snat: false,
  };
  return {
    tools,
    node: { isLocal },
    addresses,
    chains,
    view,
    attachments,
    packet,
    isOwn: ends.isOwn,
    sender: ends.sender,
    problems: [...view.problems, ...problems],
  };
}

interface Ends {
  readonly family: Family;
  readonly from: string;
  readonly to: string;
  readonly inDevice: string | undefined;
  readonly isOwn: boolean;
  readonly sender: string;
}

async function endsOf(
  { from, to }: Question,
  addresses: readonly DeviceAddress[],
  view: NodeView,
  isLocal: (address: string) => boolean,
  tools: NodeTools,
): Promise<Ends> {
  const family: Family = (from ?? to ?? "").includes(":") ? "v6" : "v4";
  const given = from ?? (to !== undefined && isLoopback(to) ? to : undefined);
  if (given !== undefined && isLocal(given)) {
    return {
      family,
      from: given,
      to: to ?? given,
      inDevice: undefined,
      isOwn: true,
      sender: "the node itself",
    };
  }
  if (given !== undefined) {
    const route = await routeOf(tools.runner, { to: given });
    if (route.kind === "refused") throw new Failure(`this node has no way to ${given}: ${route.reason}`);
    const own = to ?? route.source ?? addressOf(route.device, family, addresses)?.address;
    if (own === undefined)
      throw new Failure(`${route.device} has no address: give one of the node's with --to`);
    const sender = isPod(given, view) ? "a pod of this node" : "another host";
    return { family, from: given, to: own, inDevice: route.device, isOwn: false, sender };
  }
  const uplink = await uplinkOf(family, to, addresses, view, tools);
  const source = uplink === undefined ? undefined : neighbourOf(uplink.cidr);
  if (uplink === undefined || source === undefined) {
    throw new Failure("where would a packet come from? No device of this node leads elsewhere", [
      "give a client's address with --from, or --from 127.0.0.1 for the node itself",
    ]);
  }
  const own = to ?? uplink.address;
  return { family, from: source, to: own, inDevice: uplink.device, isOwn: false, sender: "another host" };
}

function isPod(address: string, { ports }: NodeView): boolean {
  return ports.some(({ forward }) => forward.podAddress === address);
}

/** The device another host is most likely behind: that of the address asked for, of the default route, or no pods' device. */
async function uplinkOf(
  family: Family,
  to: string | undefined,
  addresses: readonly DeviceAddress[],
  { ports }: NodeView,
  { runner }: NodeTools,
): Promise<DeviceAddress | undefined> {
  const usable = addresses.filter(
    (one) => one.family === family && one.scope === "global" && one.device !== "lo",
  );
  const asked = usable.find(({ address }) => address === to);
  if (asked !== undefined) return asked;
  const argv = ["-j", ...(family === "v6" ? ["-6"] : []), "route", "show", "default"];
  const result = await runner.run({ file: "ip", argv });
  const routes =
    result.kind === "exited" && result.exitCode === 0 ? parseJson(result.stdout, "ip's answer") : [];
  const [route] = Array.isArray(routes) ? routes.filter((one) => isJsonObject(one)) : [];
  const byDefault = usable.find(({ device }) => device === route?.["dev"]);
  if (byDefault !== undefined) return byDefault;
  const pods = [
    ...new Set(ports.filter((row) => row.forward.family === family).map((row) => row.forward.podAddress)),
  ];
  const ways = await Promise.all(pods.slice(0, 20).map((address) => routeOf(runner, { to: address })));
  const podDevices = new Set(ways.flatMap((way) => (way.kind === "route" ? [way.device] : [])));
  const bare = usable.filter(
    ({ device }) => !podDevices.has(device) && !/^(?:cni|cbr|docker|br-|virbr|veth)/.test(device),
  );
  return bare[0] ?? usable.find(({ device }) => !podDevices.has(device));
}

export function addressOf(
  device: string,
  family: Family,
  addresses: readonly DeviceAddress[],
): DeviceAddress | undefined {
  return addresses.find((one) => one.device === device && one.family === family && one.scope !== "link");
}

import { procKernel } from "@cni-chain/portmap/kernel";
import { sysctls } from "@cni-chain/portmap/node-requirements";
import { readSettings } from "@cni-chain/portmap/node-requirements-read";
import { isLoopback } from "./addresses.ts";
import { routeOf } from "./node-facts.ts";
import type { Packet } from "./packet.ts";
import type { PodFound } from "./pod.ts";
import { addressOf, type Scene } from "./scene.ts";
import type { Trace } from "./trace.ts";
import { walk } from "./walk.ts";

/** Whom the pod will see as its client: some it would not answer. Undefined then, or where the packet is dropped. */
export function masquerade(trace: Trace, { chains, node }: Scene, packet: Packet): Packet | undefined {
  const result = walk("postrouting", chains, packet, node);
  const { source, destination } = packet;
  const { snat } = result.packet;
  const isOwn = isLoopback(source) || source === destination;
  if (result.end === "passes" && !snat && isOwn) {
    const whose = isLoopback(source) ? "its own loopback" : "itself";
    trace.stops("postrouting", `not masqueraded: the pod drops what seems to come from ${whose} (${source})`);
    return undefined;
  }
  const said = snat
    ? "masqueraded: the pod sees the node as its client"
    : `the pod sees ${source} as its client`;
  return trace.walked("postrouting", result, said) ? result.packet : undefined;
}

/** The pod has to know a way for its answer, which has to come back through the node, and its rules have to let it. */
export async function reply(trace: Trace, scene: Scene, pod: PodFound, packet: Packet): Promise<boolean> {
  const { tools, chains, node, packet: first, isOwn, addresses } = scene;
  const { family, source, destination, destinationPort, inDevice, outDevice = "", snat } = packet;
  if (!isOwn && !snat && inDevice === outDevice && isUnheard(family, outDevice)) {
    const text = `not masqueraded, and bridge ${outDevice} does not show its packets to the rules: the answer goes straight to ${source}, from an address it never asked`;
    return trace.stops("reply", text, `sysctl -w ${sysctls[family].bridgeCalls}=1`);
  }
  const own = snat ? addressOf(outDevice, family, addresses)?.address : undefined;
  const to = own ?? first.source;
  const way = pod.kind === "there" ? await routeOf(tools.runner, { to }, pod.netns) : undefined;
  if (way?.kind === "refused") {
    const remedy = `a default route in the network's configuration (of bridge: "isDefaultGateway": true), and the pod made anew`;
    return trace.stops("reply", `the pod has no route to ${to}: ${way.reason}`, remedy);
  }
  const back: Packet = {
    ...packet,
    source: destination,
    sourcePort: destinationPort,
    destination: to,
    destinationPort: 0,
    inDevice: outDevice,
    outDevice: undefined,
    mark: 0,
    state: "established",
  };
  const arriving = walk("prerouting", chains, back, node);
  if (arriving.end === "dropped") return trace.walked("reply", arriving, "");
  const home = { ...arriving.packet, destination: first.source, outDevice: isOwn ? undefined : inDevice };
  return trace.walked(
    "reply",
    walk(isOwn ? "input" : "forward", chains, home, node),
    "the answer finds its way back",
  );
}

function isUnheard(family: Packet["family"], bridge: string): boolean {
  const settings = readSettings({ family, needsBridgeCalls: true }, procKernel, new Set([bridge]));
  return settings.unheardBridges.includes(bridge);
}

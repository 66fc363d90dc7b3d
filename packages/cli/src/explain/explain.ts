import type { LimitRow, PortRow } from "../node/rows.ts";
import type { NodeTools } from "../node/tools.ts";
import { masquerade, reply } from "./answering.ts";
import type { Explanation, Receiver } from "./explanation.ts";
import { hopOf } from "./hops.ts";
import { forward, leave } from "./leaving.ts";
import { hostListener, nearNotes, rivalNotes } from "./near.ts";
import { neighbourState } from "./node-facts.ts";
import type { Packet } from "./packet.ts";
import { findPod, listenerHop, type PodFound } from "./pod.ts";
import { type Question, readScene, type Scene } from "./scene.ts";
import { Trace } from "./trace.ts";
import { type Walk, walk } from "./walk.ts";

/** What is known at the end of the way. */
interface End {
  /** The forward that took the packet, and the limits of its pod. */
  readonly row?: PortRow | undefined;
  readonly limits?: LimitRow | undefined;
  /** Said in the place of where it stopped. */
  readonly conclusion?: string;
}

/** Follows the first packet of a connection to a host port through the node, as its rules and settings are now. Changes nothing. */
export async function explain(question: Question, tools: NodeTools): Promise<Explanation> {
  const scene = await readScene(question, tools);
  const trace = new Trace();
  return explanation(scene, trace, await follow(trace, scene));
}

async function follow(trace: Trace, scene: Scene): Promise<End> {
  const { isOwn, chains, node } = scene;
  if (!arrive(trace, scene)) return {};
  const translated = walk(isOwn ? "output" : "prerouting", chains, scene.packet, node);
  const { dnat, destination, destinationPort } = translated.packet;
  const said = dnat ? `translated to ${at(destination, destinationPort)}` : "no rule translates it";
  if (!trace.walked(isOwn ? "output" : "prerouting", translated, said)) return {};
  doubtOrder(trace, scene, translated);
  if (!dnat) return stayOnNode(trace, scene);
  const row = rowOf(scene, translated);
  trace.notes.push(...rivalNotes(scene, row));
  if (row === undefined) {
    takenByOther(trace, translated.packet);
    return {};
  }
  const out = await (isOwn ? leave : forward)(trace, scene, translated.packet);
  const sent = out === undefined ? undefined : masquerade(trace, scene, out);
  if (sent === undefined) return { row };
  const pod = await findPod(scene, destination, sent.outDevice ?? "");
  const limits = limitsOf(scene, pod, row);
  const isReached =
    (await reach(trace, scene, pod, sent)) &&
    trace.add(await listenerHop(scene, pod, sent)) &&
    (await reply(trace, scene, pod, sent));
  return isReached
    ? { row, limits, conclusion: `delivered to ${at(destination, destinationPort)}${nameIn(row)}` }
    : { row, limits };
}

/** Of chains of one priority, in iptables-legacy and elsewhere, it is not told which were made first. */
function doubtOrder(trace: Trace, { isOwn, chains, node, packet }: Scene, found: Walk): void {
  const isLegacy = ({ table }: Scene["chains"][number]) => table.name.includes("-legacy ");
  const others = [...chains.filter((one) => !isLegacy(one)), ...chains.filter(isLegacy)];
  const other = walk(isOwn ? "output" : "prerouting", others, packet, node).packet;
  const { destination, destinationPort } = found.packet;
  if (other.destination === destination && other.destinationPort === destinationPort) return;
  trace.mayEndOtherwise();
  trace.notes.push(
    `iptables-legacy and nftables both translate it, and whose tables were made last comes first: it may go to ${at(other.destination, other.destinationPort)}`,
  );
}

function arrive(trace: Trace, { packet, isOwn, sender, node, addresses }: Scene): boolean {
  const { source, destination, inDevice } = packet;
  if (isOwn) return trace.passes("arrival", `from ${sender} (${source}) to ${destination}`);
  const text = `from ${sender} (${source}) by ${inDevice} to ${destination}`;
  if (addresses.some(({ device, isUp }) => device === inDevice && !isUp)) {
    return trace.stops("arrival", `${text}, but ${inDevice} is down`, `ip link set dev ${inDevice} up`);
  }
  return node.isLocal(destination)
    ? trace.passes("arrival", text)
    : trace.stops("arrival", `${text}, which is no address of this node: host ports are for the node's own`);
}

/** The forward whose rule translated the packet; undefined where the rule is not portmap's. */
function rowOf(
  { view, packet: { protocol, destinationPort: hostPort } }: Scene,
  { taken, packet }: Walk,
): PortRow | undefined {
  const by = taken.findLast(({ rule }) => rule.verdict.kind === "dnat");
  const isPortmaps = by?.chain.startsWith("CNI-DN-") === true || by?.table.endsWith(" cni_hostport") === true;
  if (!isPortmaps) return undefined;
  const rows = view.ports.filter(
    ({ forward }) =>
      forward.protocol === protocol &&
      forward.hostPort === hostPort &&
      forward.podAddress === packet.destination &&
      forward.podPort === packet.destinationPort,
  );
  return rows.find(({ forward }) => forward.chain === by?.chain) ?? rows[0];
}

function takenByOther(trace: Trace, { destination, destinationPort }: Packet): void {
  const rule = trace.last?.rules.at(-1);
  const where = rule === undefined ? "a rule" : `rule ${rule.number} of chain ${rule.chain} (${rule.table})`;
  trace.stopsAfterAll(`${where}, which is not portmap's, takes it to ${at(destination, destinationPort)}`);
}

/** Nobody forwards it: the node itself may answer. */
async function stayOnNode(trace: Trace, scene: Scene): Promise<End> {
  const { chains, node, isOwn, packet } = scene;
  const what = `${packet.protocol}/${packet.destinationPort} at ${packet.destination}`;
  const listener = await hostListener(scene);
  const input = walk("input", chains, { ...packet, inDevice: isOwn ? "lo" : packet.inDevice }, node);
  const blocked = input.end === "dropped" ? `, but ${hopOf("arrival", input, "").text}` : "";
  if (listener !== undefined) trace.notes.push(`${listener}${blocked}`);
  trace.notes.push(...(await nearNotes(scene)));
  trace.stopsAfterAll(`no rule forwards ${what}${(trace.last?.text ?? "").replace(/^[^;]*/, "")}`);
  const instead = listener === undefined ? "" : "; the node itself gets it";
  return { conclusion: `not forwarded: no rule leads ${what} to a pod${instead}` };
}

async function reach(trace: Trace, { tools }: Scene, pod: PodFound, packet: Packet): Promise<boolean> {
  const { destination, outDevice = "" } = packet;
  switch (pod.kind) {
    case "there": {
      const { hostDevice = outDevice, ifname, netns } = pod;
      const by = hostDevice === outDevice ? outDevice : `${outDevice} and ${hostDevice}`;
      return trace.passes("pod", `${destination} is on ${ifname} in ${netns}, by ${by}`);
    }
    case "gone":
      return trace.stops("pod", pod.reason, pod.remedy);
    case "unknown": {
      const state = await neighbourState(tools.runner, destination, outDevice);
      const seen = state === undefined ? "it is no known neighbour" : `its neighbour entry is ${state}`;
      const text = `whose network namespace has ${destination} is not known; on ${outDevice} ${seen}`;
      const passes = /REACHABLE|DELAY|PERMANENT|STALE|PROBE/.test(state ?? "");
      return trace.add({ name: "pod", passes, certain: false, text, rules: [], doubts: [] });
    }
  }
}

function limitsOf({ view }: Scene, { hostDevice }: PodFound, { owner }: PortRow): LimitRow | undefined {
  return view.limits.find(
    (one) =>
      (hostDevice !== undefined && one.shaped.hostDevice === hostDevice) ||
      (owner.containerId !== undefined &&
        one.owner.containerId === owner.containerId &&
        one.owner.network === owner.network),
  );
}

function explanation(
  { packet, problems }: Scene,
  { hops, notes, last, isOpen }: Trace,
  end: End,
): Explanation {
  const { row, limits, conclusion } = end;
  return {
    protocol: packet.protocol,
    port: packet.destinationPort,
    family: packet.family,
    from: packet.source,
    to: packet.destination,
    delivered: isOpen,
    certain: hops.every(({ certain }) => certain),
    stoppedAt: isOpen ? null : (last?.name ?? null),
    conclusion: conclusion ?? `not delivered: ${last?.text ?? ""}`,
    hops,
    receiver: row === undefined ? null : receiverOf(row),
    limits: {
      ingressBitsPerSecond: limits?.shaped.ingress?.rateBitsPerSecond ?? null,
      egressBitsPerSecond: limits?.shaped.egress?.rateBitsPerSecond ?? null,
    },
    notes,
    problems,
  };
}

function receiverOf({ forward, owner }: PortRow): Receiver {
  return {
    address: forward.podAddress,
    port: forward.podPort,
    network: owner.network ?? null,
    containerId: owner.containerId ?? null,
    pod: owner.pod === undefined ? null : `${owner.pod.namespace}/${owner.pod.name}`,
  };
}

function nameIn(row: PortRow): string {
  const { pod, containerId } = receiverOf(row);
  if (pod !== null) return ` (pod ${pod})`;
  return containerId === null ? "" : ` (container ${containerId})`;
}

function at(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

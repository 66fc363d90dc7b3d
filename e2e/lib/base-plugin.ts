import { baseResult, type PodAddress } from "./base-result.ts";
import type { Attachment, PluginConf, ResultDocument } from "./cni.ts";
import type { Node } from "./node.ts";
import type { Place } from "./place.ts";
import { hasIpv6 } from "./tools.ts";

/** The configuration of the embedded base network: the first plugin of a chain, of type `base`. */
export interface BaseConf extends PluginConf, BaseFields {
  readonly type: "base";
}

export interface BaseFields {
  /** A bridge for all pods, or a routed pair of its own for each. Default: bridge. */
  readonly mode?: "bridge" | "ptp";
  /** Lets frames leave by the bridge port they came in on. Default: false, as the bridge plugins have it. */
  readonly hairpinMode?: boolean;
  readonly families?: readonly (4 | 6)[];
}

const bridge = "cni0";

/** Makes a veth pair into the pod's namespace, with addresses and routes, as the usual main plugins do. */
export async function addBase(
  node: Node,
  conf: BaseConf,
  attachment: Attachment,
  cniVersion: string,
): Promise<ResultDocument> {
  const pod = node.netns(attachment.netns);
  const { ifname } = attachment;
  const veth = hostVeth(attachment);
  const routed = conf.mode === "ptp";
  const addresses = podAddresses(node.takeAddress(veth), conf.families ?? [4, 6]);
  if (!routed) await ensureBridge(node);
  await node.ip(`link add ${veth} type veth peer name ${ifname} netns ${pod.name}`);
  await node.ip(...(routed ? hostEndOfPtp(veth, addresses) : hostEndOfBridge(veth, conf)));
  await pod.ip(
    ...addresses.map(({ address, family }) => `address add ${address} dev ${ifname}${nodad(family)}`),
    `link set ${ifname} up`,
    ...addresses.map(({ gateway }) => `route add default via ${gateway}`),
  );
  return baseResult(cniVersion, {
    ...(routed ? {} : { bridge: { name: bridge, mac: await macOf(node, bridge) } }),
    hostVeth: { name: veth, mac: await macOf(node, veth) },
    pod: { name: ifname, mac: await macOf(pod, ifname), sandbox: attachment.netns },
    addresses,
  });
}

/** Takes the pair away; gone already is success. */
export async function delBase(node: Node, attachment: Attachment): Promise<void> {
  const veth = hostVeth(attachment);
  const { exitCode, stderr } = await node.try(["ip", "link", "delete", veth]);
  if (exitCode !== 0 && !stderr.includes("Cannot find device")) throw new Error(stderr);
  node.giveAddressBack(veth);
}

/** Unique for an attachment, and within the 15 characters of an interface name. */
export function hostVeth(attachment: Attachment): string {
  const hash = Bun.hash(`${attachment.containerId} ${attachment.ifname}`).toString(16);
  return `veth${hash.padStart(16, "0").slice(0, 10)}`;
}

function podAddresses(number: number, families: readonly (4 | 6)[]): readonly PodAddress[] {
  const all: readonly PodAddress[] = [
    { family: 4, address: `10.88.0.${number}/24`, gateway: "10.88.0.1" },
    { family: 6, address: `fd00:88::${number.toString(16)}/64`, gateway: "fd00:88::1" },
  ];
  return all.filter(({ family }) => families.includes(family) && (family === 4 || hasIpv6()));
}

/** Makes the bridge of all pods unless it is there; it stays, as bridge plugins leave theirs. */
export async function ensureBridge(node: Node): Promise<void> {
  const { exitCode } = await node.try(["ip", "link", "show", bridge]);
  if (exitCode === 0) return;
  await node.ip(
    `link add ${bridge} address 0a:58:0a:58:00:01 type bridge`,
    `address add 10.88.0.1/24 dev ${bridge}`,
    ...(hasIpv6() ? [`address add fd00:88::1/64 dev ${bridge} nodad`] : []),
    `link set ${bridge} up`,
  );
}

function hostEndOfBridge(veth: string, conf: BaseConf): string[] {
  const hairpin = conf.hairpinMode === true ? [`link set ${veth} type bridge_slave hairpin on`] : [];
  return [`link set ${veth} master ${bridge}`, ...hairpin, `link set ${veth} up`];
}

/** The gateway's address on every pod's own line, and a route to each pod. */
function hostEndOfPtp(veth: string, addresses: readonly PodAddress[]): string[] {
  const host = (address: string, family: 4 | 6) => `${address.split("/")[0]}/${family === 4 ? 32 : 128}`;
  return [
    `link set ${veth} up`,
    ...addresses.flatMap(({ family, address, gateway }) => [
      `address add ${host(gateway, family)} dev ${veth}${nodad(family)}`,
      `route add ${host(address, family)} dev ${veth}`,
    ]),
  ];
}

const nodad = (family: 4 | 6): string => (family === 6 ? " nodad" : "");

async function macOf(place: Place, link: string): Promise<string> {
  const [found]: readonly { readonly address: string }[] = JSON.parse(
    await place.run(["ip", "-j", "link", "show", link]),
  );
  if (found === undefined) throw new Error(`no link ${link} in ${place.name}`);
  return found.address;
}

/** The pod's address of a family, without its prefix length. */
export function podAddress(result: ResultDocument, family: 4 | 6): string {
  const isV6 = family === 6;
  const found = result.ips?.find(({ address }) => address.includes(":") === isV6);
  if (found === undefined) throw new Error(`the result has no IPv${family} address`);
  return found.address.split("/")[0] ?? "";
}

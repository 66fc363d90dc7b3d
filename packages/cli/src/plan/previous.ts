import { isJsonObject, type JsonObject, parseCidr, parseJson } from "@cni-chain/core";
import { type Link, type Links, type LinkWithAddresses, netnsState } from "@cni-chain/ip-ts";
import { files } from "@cni-chain/libc";
import { Failure, UsageError } from "../failure.ts";
import type { SupposedLink } from "./dry-links.ts";

/** What the plugins in front of ours will have made. */
export interface Previous {
  readonly result: JsonObject;
  readonly supposed: readonly SupposedLink[];
  /** Where it was taken from, for a person. */
  readonly from: string;
}

export interface PreviousWords {
  readonly prevResult?: string | undefined;
  readonly ip?: readonly string[] | undefined;
  readonly hostDevice?: string | undefined;
}

export interface Place {
  readonly cniVersion: string;
  readonly netns: string;
  readonly ifname: string;
}

/**
 * The result that ADD will be given: of a file, made up of addresses, the cache's, or what stands in the container's namespace
 * already. Throws Failure that says what is needed where there is none of these.
 */
export async function previousFor(
  words: PreviousWords,
  place: Place,
  cached: JsonObject | undefined,
  links: Links,
): Promise<Previous> {
  if (words.prevResult !== undefined) {
    if (words.ip !== undefined || words.hostDevice !== undefined)
      throw new UsageError(
        "--prev-result holds addresses and devices itself: leave --ip and --host-device out",
      );
    return { result: fromFile(words.prevResult), supposed: [], from: words.prevResult };
  }
  const present = netnsState(place.netns) === "present";
  if (words.ip === undefined && words.hostDevice === undefined && cached !== undefined) {
    return { result: cached, supposed: [], from: "libcni's cache" };
  }
  const inside = present ? await interfaceIn(place, links) : undefined;
  const host = inside === undefined ? undefined : await links.otherEnd(inside, place.netns);
  const addresses = words.ip?.map(cidr) ?? inside?.addresses.filter(isRouted).map(written) ?? [];
  if (addresses.length === 0) throw needed(place, present, inside !== undefined);
  const device = words.hostDevice ?? host?.name;
  const interfaces = [
    ...(device === undefined ? [] : [{ name: device }]),
    { name: place.ifname, sandbox: place.netns },
  ];
  const ips = addresses.map((address) => ({
    address,
    interface: interfaces.length - 1,
    // Results of these versions say the family, too.
    ...(place.cniVersion < "1.0.0" ? { version: address.includes(":") ? "6" : "4" } : {}),
  }));
  const result = { cniVersion: place.cniVersion, interfaces, ips };
  if (inside !== undefined) return { result, supposed: [], from: `${place.ifname} in ${place.netns}` };
  return {
    result,
    supposed: await supposedLinks(place, present, device, links),
    from: "the addresses given; the container's interface is taken for a veth that is still to be made",
  };
}

function fromFile(file: string): JsonObject {
  let text: string;
  try {
    text = files.readText(file);
  } catch (error) {
    throw new Failure(
      `--prev-result cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const json = parseJson(text, file);
  if (!isJsonObject(json)) throw new Failure(`${file} holds no CNI result: a result is a JSON object`);
  return json;
}

function cidr(text: string): string {
  if (parseCidr(text) !== undefined) return text;
  throw new UsageError(
    `--ip ${text}: give an address with the length of its network's prefix, as 10.88.0.5/24`,
  );
}

async function interfaceIn({ netns, ifname }: Place, links: Links): Promise<LinkWithAddresses | undefined> {
  if (!(await links.observe([ifname], { netns })).has(ifname)) return undefined;
  return (await links.change([{ do: "show", name: ifname }], { netns }))[0];
}

const isRouted = ({ scope }: { readonly scope: string }): boolean => scope !== "link" && scope !== "host";

const written = ({ address, prefixLength }: LinkWithAddresses["addresses"][number]): string =>
  `${address}/${prefixLength}`;

/** The pair of veths, each of which points at the other. */
async function supposedLinks(
  { netns, ifname }: Place,
  present: boolean,
  device: string | undefined,
  links: Links,
): Promise<readonly SupposedLink[]> {
  const [inner, outer] = [1_000_001, 1_000_002];
  const known = device === undefined ? undefined : (await links.observe([device])).get(device);
  if (known !== undefined && known.kind !== "veth") {
    throw new Failure(`--host-device ${device}: it is of kind ${known.kind ?? "physical"}, not veth`, [
      "give the host's end of the container's veth pair; its name may be one that does not exist yet",
    ]);
  }
  const mtu = known?.mtu ?? 1500;
  const host = device === undefined ? [] : [veth(device, outer, inner, mtu)];
  return [
    ...(present
      ? []
      : [{ netns, link: { ...veth("lo", 1, 1, 65_536), kind: undefined, peer: undefined, up: false } }]),
    { netns, link: veth(ifname, inner, outer, mtu) },
    ...host.map((link) => ({ netns: undefined, link })),
  ];
}

function veth(name: string, ifindex: number, peer: number, mtu: number): Link {
  return {
    name,
    ifindex,
    kind: "veth",
    flags: ["UP"],
    up: true,
    mtu,
    txqlen: 1000,
    mac: undefined,
    master: undefined,
    alias: undefined,
    peer: { where: "elsewhere", ifindex: peer, netnsid: undefined },
  };
}

function needed({ netns, ifname }: Place, present: boolean, hasInterface: boolean): Failure {
  const found = !present
    ? `there is no network namespace at ${netns}`
    : hasInterface
      ? `${ifname} in ${netns} has no address`
      : `there is no ${ifname} in ${netns}`;
  return new Failure("what the plugins in front of ours will answer is not known", [
    `the cache has no such attachment, and ${found}`,
    "give the address the container is to have: --ip 10.88.0.5/24 (repeatable),",
    "with limits also the host's end of its veth pair: --host-device veth1a2b3c;",
    "or the whole result of the plugins in front: --prev-result FILE",
  ]);
}

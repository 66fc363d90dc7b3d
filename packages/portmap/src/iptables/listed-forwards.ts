import { parseAddress } from "@cni-chain/core";
import { jumpTarget, type ListedRule, listedValue, type Protocol } from "iptables-wrapper";
import type { Forward } from "../forwards.ts";
import { containerChain } from "./chains.ts";

/** The forwards that stand in a container's chain, whoever wrote them. */
export function listedForwards(rules: readonly ListedRule[]): Forward[] {
  return rules.flatMap((rule) => {
    const protocol = listedValue(rule, "-p");
    const to = /^\[?(?<address>[^\]]+?)\]?:(?<port>\d+)$/.exec(
      listedValue(rule, "--to-destination") ?? "",
    )?.groups;
    if (!isProtocol(protocol) || to === undefined) return [];
    const [bound = ""] = (listedValue(rule, "-d") ?? "").split("/");
    return [
      {
        protocol,
        hostPort: Number(listedValue(rule, "--dport")),
        hostAddress: parseAddress(bound)?.address,
        address: to["address"] ?? "",
        port: Number(to["port"]),
      },
    ];
  });
}

/** One container's entry in the chain that all share: ports of one protocol, and where they lead. */
export interface Entry {
  readonly chain: string;
  /** Container and network, as far as the comment tells: somebody else's may tell anything, see `ownerOf`. */
  readonly owner: { readonly network: string; readonly containerId: string } | undefined;
  readonly protocol: string;
  readonly ports: readonly number[];
}

/** Whose an entry is: undefined where its comment does not say, or names one whose chain has another name. */
export function ownerOf({ chain, owner }: Entry): Entry["owner"] {
  return owner !== undefined && containerChain({ ifname: "", ...owner }) === chain ? owner : undefined;
}

/** True for an entry that is not portmap's, neither this one's nor the reference's: a chain, or an owner, of another name. */
export function isOthers(entry: Entry): boolean {
  return (
    !/^CNI-DN-[0-9a-f]{21}$/.test(entry.chain) || (entry.owner !== undefined && ownerOf(entry) === undefined)
  );
}

/** By the listing: it is asked for each of the containers that stand in it. */
const entriesOf = new WeakMap<readonly ListedRule[], readonly Entry[]>();

/** The entries of the shared chain in their order; rules that are no entry are passed over. */
export function listedEntries(rules: readonly ListedRule[]): readonly Entry[] {
  const entries = entriesOf.get(rules) ?? readEntries(rules);
  entriesOf.set(rules, entries);
  return entries;
}

function readEntries(rules: readonly ListedRule[]): Entry[] {
  const entries: Entry[] = [];
  for (const rule of rules) {
    const chain = jumpTarget(rule);
    // A name that cannot be asked for is nobody's of ours.
    if (chain === undefined || !/^CNI-DN-[\w.:-]+$/.test(chain)) continue;
    const ports = (listedValue(rule, "--dports") ?? listedValue(rule, "--dport") ?? "")
      .split(",")
      .map(Number);
    const owner = /^dnat name: "(?<network>.*)" id: "(?<containerId>.*)"$/.exec(
      listedValue(rule, "--comment") ?? "",
    )?.groups;
    entries.push({
      chain,
      owner:
        owner === undefined
          ? undefined
          : { network: owner["network"] ?? "", containerId: owner["containerId"] ?? "" },
      protocol: listedValue(rule, "-p") ?? "",
      ports,
    });
  }
  return entries;
}

function isProtocol(text: string | undefined): text is Protocol {
  return text === "tcp" || text === "udp" || text === "sctp";
}

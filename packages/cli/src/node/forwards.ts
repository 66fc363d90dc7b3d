import { CommandError } from "@cni-chain/exec";
import type { OpenSocket, Socket } from "@cni-chain/netlink";
import { nftables } from "@cni-chain/nft-ts";
import { type NfLook, nfLook } from "@cni-chain/portmap/nf-look";
import { nftFamily, table } from "@cni-chain/portmap/nftables/names";
import { surroundings } from "@cni-chain/portmap/surroundings";
import { countedChains, type Installed, installedVariants } from "iptables-wrapper";
import type { Forward, RuleBackend } from "./forward.ts";
import { containerChains, iptablesForwards, sharedChain } from "./iptables-forwards.ts";
import { isUnloaded } from "./loaded-module.ts";
import { nftablesForwards } from "./nftables-forwards.ts";
import type { NodeTools } from "./tools.ts";

/** What was found, and what could not be looked at, a sentence each. */
export interface ForwardsRead {
  readonly forwards: readonly Forward[];
  readonly problems: readonly string[];
}

type Family = Forward["family"];
const families: readonly Family[] = ["v4", "v6"];
const backends = { nft: "iptables-nft", legacy: "iptables-legacy" } as const;

/**
 * Every host port that rules of portmap forward, ours or the reference plugin's, in every backend that holds any: two
 * processes for each that does, none for the others, whatever else the node's tables hold. Makes no table and loads
 * no module: where there is no chain of portmap's, no tool is asked. Needs CAP_NET_ADMIN.
 */
export async function readForwards(tools: NodeTools): Promise<ForwardsRead> {
  const { open, closeAll } = closable(tools.netlink);
  try {
    const nf = nfLook((await isUnloaded("nf_tables")) ? undefined : open);
    const parts = await Promise.all(families.flatMap((family) => looks(tools, nf, family)).map(orProblem));
    return {
      forwards: parts.flatMap(({ forwards }) => forwards),
      problems: [...new Set(parts.flatMap(({ problems }) => problems))],
    };
  } finally {
    closeAll();
  }
}

/** A look at each place that may hold rules, as far as the kernel tells without a process. */
function looks(tools: NodeTools, nf: NfLook, family: Family): Promise<Forward[]>[] {
  const around = surroundings(tools.path, nf);
  const installed = installedVariants(family, around);
  const inNft = nf.hasChain(family, "nat", sharedChain) === true;
  const inLegacy = around.legacyTables(family)?.includes("nat") === true;
  const isThere = ({ kind }: Installed) =>
    kind === undefined ? inNft || inLegacy : kind === "nft" ? inNft : inLegacy;
  const found = installed.filter(isThere).map((variant) => fromIptables(tools, family, variant));
  if (inNft && !installed.some(({ kind }) => kind !== "legacy")) {
    found.push(fromIptables(tools, family, { variant: "nft", kind: "nft" }));
  }
  const hasTable = nf.tableNames()?.has(`${nftFamily(family)} ${table}`) === true;
  return hasTable ? [...found, fromNftables(tools, family)] : found;
}

async function fromNftables({ runner }: NodeTools, family: Family): Promise<Forward[]> {
  const found = await nftables(runner).observe(nftFamily(family), table);
  return found === undefined ? [] : nftablesForwards(family, found);
}

async function fromIptables(
  { runner }: NodeTools,
  family: Family,
  { variant, kind }: Installed,
): Promise<Forward[]> {
  const backend: RuleBackend = kind === undefined ? "iptables" : backends[kind];
  const where = { family, variant, table: "nat" } as const;
  const shared = await countedChains(runner, where, [sharedChain]);
  const own = await countedChains(runner, where, containerChains(shared));
  return iptablesForwards({ backend, family }, shared, own);
}

async function orProblem(look: Promise<Forward[]>): Promise<ForwardsRead> {
  try {
    return { forwards: await look, problems: [] };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { forwards: [], problems: [`rules could not be read: ${error.message}`] };
  }
}

/** A watch looks every second, for as long as somebody wants: no socket may be left. */
function closable(netlink: OpenSocket) {
  const sockets: Socket[] = [];
  const open: OpenSocket = (netns, protocol) => {
    const socket = netlink(netns, protocol);
    sockets.push(socket);
    return socket;
  };
  const closeAll = () => {
    for (const socket of sockets) socket.close();
  };
  return { open, closeAll };
}

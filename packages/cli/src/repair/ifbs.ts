import { ifbName, isOthersIfb, type Network, vethOfOwnerText } from "@cni-chain/bandwidth/restore";
import type { DeviceShaping } from "tc-ts";
import type { CachedAttachment } from "../libcni/cache.ts";
import type { Evidence } from "./orphans.ts";

/** An ifb of portmap's sister plugin, ours or the reference's, that nobody's packets need any more. */
export interface OrphanIfb {
  readonly ifb: string;
  readonly proof: string;
  /** Links whose filters still lead into it. */
  readonly veths: readonly { readonly veth: string; readonly shaping: DeviceShaping }[];
}

/**
 * Ifbs whose attachment is proven gone, by its namespace; or that no attachment is known for, no link's packets go to,
 * and whose veth, where the ifb names one, is no more.
 */
export async function orphanIfbs(network: Network, evidence: Evidence): Promise<readonly OrphanIfb[]> {
  const links = await network.links.ofKinds(["ifb", "veth"]);
  const ifbs = links.filter(
    (link) => link.kind === "ifb" && /^bwp[0-9a-f]{12}$/.test(link.name) && !isOthersIfb(link),
  );
  const owners = Map.groupBy(evidence.attachments, ifbName);
  const doubtful = ifbs.filter(({ name }) => !isLiving(owners.get(name) ?? [], evidence));
  if (doubtful.length === 0) return [];
  const veths = links.filter(({ kind }) => kind === "veth").map(({ name }) => name);
  const shapings = [...(await network.tc.observe(veths))];
  return doubtful.flatMap(({ name, alias }) => {
    const leading = shapings
      .filter(([, { filters }]) => filters.some((one) => one.kind === "redirect" && one.target === name))
      .map(([veth, shaping]) => ({ veth, shaping }));
    const [owner] = owners.get(name) ?? [];
    if (owner !== undefined) {
      const proof = `network namespace ${owner.netns} of its attachment is gone`;
      return [{ ifb: name, proof, veths: leading }];
    }
    const veth = vethOfOwnerText(alias);
    if (leading.length > 0 || (veth !== undefined && veths.includes(veth))) return [];
    const named = veth === undefined ? "" : ` and its veth ${veth} is gone`;
    return [{ ifb: name, proof: `no attachment is known, no link sends packets there${named}`, veths: [] }];
  });
}

function isLiving(owners: readonly CachedAttachment[], evidence: Evidence): boolean {
  return owners.some((attachment) => evidence.netnsOf(attachment) !== "gone");
}

import { netlinkSockets } from "@cni-chain/netlink/bun";
import { nfLook } from "@cni-chain/portmap/nf-look";
import { backendNameFor } from "@cni-chain/portmap/restore";
import { surroundings } from "@cni-chain/portmap/surroundings";
import { chooseVariant } from "iptables-wrapper";
import type { ConfList } from "../libcni/conf-list.ts";
import { isUnloaded } from "../node/loaded-module.ts";
import { toolRunner } from "../repair/node-ports.ts";

/** The backends that ADD would take for these networks, by the names that forwards have: `nftables`, `iptables-nft`, … */
export async function backendsOf(lists: readonly ConfList[], path: string): Promise<readonly string[]> {
  const wanted = lists.flatMap(({ plugins }) =>
    plugins
      .filter(({ type }) => type === "portmap")
      .map(({ document: { backend } }) =>
        backendNameFor(backend === "iptables" || backend === "nftables" ? { backend } : {}, { path }),
      ),
  );
  const names = wanted.length > 0 ? wanted : [backendNameFor({}, { path })];
  const found = await Promise.all(names.map((name) => (name === "nftables" ? [name] : iptablesNames(path))));
  return [...new Set(found.flat())];
}

/** Of a wrapper script nobody can tell which it is: then either is as good. */
async function iptablesNames(path: string): Promise<string[]> {
  const around = surroundings(path, nfLook((await isUnloaded("nf_tables")) ? undefined : netlinkSockets()));
  const variant = await chooseVariant(toolRunner(path), around);
  if (variant !== "plain") return [`iptables-${variant}`];
  const real = around.realPath("iptables-restore") ?? "";
  if (real.endsWith("/xtables-nft-multi")) return ["iptables-nft"];
  if (real.endsWith("/xtables-legacy-multi")) return ["iptables-legacy"];
  return ["iptables", "iptables-nft", "iptables-legacy"];
}

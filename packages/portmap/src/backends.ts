import { findTool, nodeFiles } from "@cni-chain/exec/requirements";
import type { Backend } from "./backend.ts";
import { clearingOther } from "./clearing-other.ts";
import type { BackendName } from "./config.ts";
import { leftBehindBy } from "./left-behind.ts";
import { sayWhereToolIs } from "./missing-tool.ts";
import type { Host } from "./tools.ts";

/** The backend that holds new rules: the one asked for, else iptables, or nftables where only nft is installed. */
export function chooseBackend(
  wanted: BackendName | undefined,
  isInstalled: (tool: string) => boolean,
): BackendName {
  if (wanted !== undefined) return wanted;
  return !isInstalled("iptables-restore") && isInstalled("nft") ? "nftables" : "iptables";
}

/**
 * The backend to work with. ADD, DEL and GC through it also remove what the other backend holds of the same
 * containers: nobody keeps a node from changing it between ADD and DEL. Only what is used is loaded.
 */
export async function backendFor(
  wanted: BackendName | undefined,
  host: Host,
  warn: (message: string) => void,
): Promise<Backend> {
  const isInstalled = (tool: string) => findTool(nodeFiles, tool, host.path).kind === "onPath";
  const name = chooseBackend(wanted, isInstalled);
  const other = name === "iptables" ? "nftables" : "iptables";
  const backend = clearingOther(await load(name, host), leftBehindBy(other, isInstalled, host, load, warn));
  return sayingWhereToolsAre(backend, host.path);
}

export type Load = typeof load;

async function load(name: BackendName, host: Host): Promise<Backend> {
  if (name === "iptables") {
    const [{ iptables }, { iptablesBackend }] = await Promise.all([
      import("iptables-wrapper"),
      import("./iptables/backend.ts"),
    ]);
    return iptablesBackend(iptables(host.runner), host);
  }
  const [{ nftables }, { nftablesBackend }] = await Promise.all([
    import("@cni-chain/nft-ts"),
    import("./nftables/backend.ts"),
  ]);
  return nftablesBackend(nftables(host.runner), host);
}

function sayingWhereToolsAre(backend: Backend, path: string): Backend {
  return {
    tools: (family) => backend.tools(family),
    probe: (family) => sayWhereToolIs(backend.probe(family), path),
    add: (request) => sayWhereToolIs(backend.add(request), path),
    check: (request) => sayWhereToolIs(backend.check(request), path),
    remove: (attachment, family) => sayWhereToolIs(backend.remove(attachment, family), path),
    collect: (network, valid, family) => sayWhereToolIs(backend.collect(network, valid, family), path),
  };
}

import { CniError, ErrorCode } from "@cni-chain/core";
import { findTool, nodeFiles } from "@cni-chain/exec/requirements";
import type { Backend } from "./backend.ts";
import { clearingOther } from "./clearing-other.ts";
import { type BackendName, unfitFields, type Wanted } from "./config.ts";
import { leftBehindBy } from "./left-behind.ts";
import { sayWhereToolIs } from "./missing-tool.ts";
import type { Host } from "./tools.ts";

/** The backend that holds new rules: the one asked for, else iptables, or nftables where only nft is installed. */
export function chooseBackend({ backend }: Wanted, isInstalled: (tool: string) => boolean): BackendName {
  if (backend !== undefined) return backend;
  return !isInstalled("iptables-restore") && isInstalled("nft") ? "nftables" : "iptables";
}

/**
 * The backend to work with. ADD, DEL and GC through it also remove what the other backend holds of the same
 * containers: nobody keeps a node from changing it between ADD and DEL. Only what is used is loaded.
 * Throws CniError 7 where the configuration has fields for the other one.
 */
export async function backendFor(
  wanted: Wanted,
  host: Host,
  warn: (message: string) => void,
): Promise<Backend> {
  const isInstalled = (tool: string) => findTool(nodeFiles, tool, host.path).kind === "onPath";
  const name = chooseBackend(wanted, isInstalled);
  const unfit = unfitFields(wanted, name).map(({ path, message }) => `${path}: ${message}`);
  if (unfit.length > 0) throw new CniError(ErrorCode.invalidConfig, unfit.join("; "), unfit.join("\n"));
  const otherName = name === "iptables" ? "nftables" : "iptables";
  const other = leftBehindBy(otherName, isInstalled, host.runner, warn, () =>
    load(otherName, { ...host, isReachedElsewhere: (device) => main.reaches(device) }),
  );
  const isReachedElsewhere = async (device: string) => (await (await other("v4"))?.reaches(device)) ?? false;
  const main = await load(name, { ...host, isReachedElsewhere });
  const backend = clearingOther(main, other);
  return sayingWhereToolsAre(backend, host.path);
}

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
    tools: backend.tools,
    reaches: backend.reaches,
    release: backend.release,
    probe: (family) => sayWhereToolIs(backend.probe(family), path),
    add: (request) => sayWhereToolIs(backend.add(request), path),
    check: (request) => sayWhereToolIs(backend.check(request), path),
    remove: (attachment, family) => sayWhereToolIs(backend.remove(attachment, family), path),
    collect: (network, valid, family) => sayWhereToolIs(backend.collect(network, valid, family), path),
  };
}

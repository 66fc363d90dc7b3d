import { readFileSync, realpathSync } from "node:fs";
import { CniError, ErrorCode } from "@cni-chain/core";
import { findTool, nodeFiles } from "@cni-chain/exec/requirements";
import { chooseVariant, iptables, type Surroundings, type Variant } from "iptables-wrapper";
import type { Backend } from "./backend.ts";
import { clearingOther } from "./clearing-other.ts";
import { type BackendName, unfitFields, type Wanted } from "./config.ts";
import { iptablesBackend } from "./iptables/backend.ts";
import { leftBehindBy } from "./left-behind.ts";
import type { Host } from "./tools.ts";

/** The backend that holds new rules: the one asked for, else iptables, or nftables where only nft is installed. */
export function chooseBackend({ backend }: Wanted, isInstalled: (tool: string) => boolean): BackendName {
  if (backend !== undefined) return backend;
  return !isInstalled("iptables-restore") && isInstalled("nft") ? "nftables" : "iptables";
}

/**
 * The backend to work with. DEL and GC through it also remove what the other backend holds of the same
 * containers: nobody keeps a node from changing it between ADD and DEL. Only what is used is loaded, but
 * iptables is there from the start: loading it apart costs an ADD 3 ms.
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
  return clearingOther(main, other);
}

async function load(name: BackendName, host: Host): Promise<Backend> {
  if (name === "iptables") return iptablesInVariants(host);
  const [{ nftables }, { nftablesBackend }] = await Promise.all([
    import("@cni-chain/nft-ts"),
    import("./nftables/backend.ts"),
  ]);
  return nftablesBackend(nftables(host.runner), host);
}

/** iptables in the variant that is looked at; what another variant was given before is removed by the plain name. */
function iptablesInVariants(host: Host): Backend {
  let chosen: Promise<Variant> | undefined;
  const variant = () => {
    chosen ??= chooseVariant(host.runner, surroundings(host.path));
    return chosen;
  };
  const plain = () => iptablesBackend(iptables(host.runner), host);
  const main = iptablesBackend(iptables(host.runner, variant), host);
  return clearingOther(main, async () => ((await variant()) === "plain" ? undefined : plain()));
}

function surroundings(path: string): Surroundings {
  return {
    realPath(tool) {
      const found = findTool(nodeFiles, tool, path);
      return found.kind === "onPath" ? realpathSync(`${found.directory}/${tool}`) : undefined;
    },
    legacyTables() {
      try {
        return readFileSync("/proc/net/ip_tables_names", "utf8").split("\n");
      } catch {
        return [];
      }
    },
  };
}

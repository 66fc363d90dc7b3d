import { CniError, ErrorCode } from "@cni-chain/core";
import { findTool, nodeFiles } from "@cni-chain/exec/requirements";
import { chooseVariant, type Family, type Iptables, otherVariant, type Variant } from "iptables-wrapper";
import type { Backend } from "./backend.ts";
import { clearingOther } from "./clearing-other.ts";
import { type BackendName, unfitFields, type Wanted } from "./config.ts";
import { iptablesBackend } from "./iptables/backend.ts";
import { isBare } from "./iptables/observe.ts";
import { iptablesClient } from "./iptables-client.ts";
import { type LeftBehind, leftBehindBy, mayHoldNat, nftTableNames, type TableNames } from "./left-behind.ts";
import { type NfLook, nfLook } from "./nf-look.ts";
import { surroundings } from "./surroundings.ts";
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
  const nf = nfLook(host.netlink);
  const tableNames = nftTableNames(host.runner, nf, isInstalled, otherName, warn);
  const other = leftBehindBy(otherName, isInstalled, tableNames, () =>
    load(otherName, { ...host, isReachedElsewhere: (device) => main.reaches(device) }, nf, tableNames),
  );
  const isReachedElsewhere = async (device: string) => (await (await other("v4"))?.reaches(device)) ?? false;
  const main = await load(name, { ...host, isReachedElsewhere }, nf, tableNames);
  return clearingOther(main, other);
}

async function load(name: BackendName, host: Host, nf: NfLook, tableNames: TableNames): Promise<Backend> {
  if (name === "iptables") return iptablesInVariants(host, nf, tableNames);
  const [{ nftables }, { nftablesBackend }] = await Promise.all([
    import("@cni-chain/nft-ts"),
    import("./nftables/backend.ts"),
  ]);
  const client = nftables(host.runner);
  return nftablesBackend(host.dryRun?.nftables(client) ?? client, host);
}

/**
 * iptables in the variant that is looked at. What the other one was given, before Kubernetes' mark was set or under
 * a PATH where the plain name was another, is removed as well.
 */
function iptablesInVariants(host: Host, nf: NfLook, tableNames: TableNames): Backend {
  const around = surroundings(host.path, nf);
  let chosen: Promise<Variant> | undefined;
  const variant = () => {
    chosen ??= chooseVariant(host.runner, around);
    return chosen;
  };
  const lookForOther: LeftBehind = async (family) => {
    const name = (await variant()) === "plain" ? otherVariant(around) : "plain";
    if (name === undefined) return undefined;
    if (name !== "plain" && !(await mayHoldNat(name, family, tableNames))) return undefined;
    const client = iptablesClient(host, around, async () => name);
    return (await isBare(client, family)) ? undefined : backendIn(client, main.reaches);
  };
  // Nobody changes the variant while a call is under way.
  const others = new Map<Family, ReturnType<LeftBehind>>();
  const other: LeftBehind = (family) => {
    const found = others.get(family) ?? lookForOther(family);
    others.set(family, found);
    return found;
  };
  const backendIn = (client: Iptables, reachesBesides: Backend["reaches"]) =>
    iptablesBackend(client, {
      ...host,
      isReachedElsewhere: async (device) =>
        (await reachesBesides(device)) || ((await host.isReachedElsewhere?.(device)) ?? false),
    });
  const main = backendIn(
    iptablesClient(host, around, variant),
    async (device) => (await (await other("v4"))?.reaches(device)) ?? false,
  );
  return clearingOther(main, other);
}

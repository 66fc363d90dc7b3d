import { isJsonObject, type Json, type JsonObject, parseAddress } from "@cni-chain/core";
import type { NetnsState } from "@cni-chain/ip-ts";
import type { CachedAttachment } from "../libcni/cache.ts";

/** An attachment of libcni's cache, and what is at the path of its network namespace. */
export interface KnownAttachment
  extends Pick<CachedAttachment, "network" | "containerId" | "ifname" | "cniArgs" | "result" | "netns"> {
  /** `unknown`: the cache does not say where it is, or it cannot be looked at. */
  readonly netnsState: NetnsState | "unknown";
}

/** A Kubernetes pod, or what a runtime passes in its place. */
interface Pod {
  readonly namespace: string;
  readonly name: string;
}

/** What the cache and the namespaces prove of the one a rule or device is for. */
type Standing =
  /** The cache has the attachment, and nothing says that it is gone. */
  | { readonly kind: "attached" }
  /** Proven to be gone: by the attachment's namespace, or because nothing on the node leads here. */
  | { readonly kind: "orphan"; readonly reason: string }
  /** The attachment is there, but with another address. */
  | { readonly kind: "moved"; readonly reason: string }
  /** Nothing is known of it: a runtime that keeps its cache elsewhere, or an ADD in progress. It may well be in use. */
  | { readonly kind: "unknown"; readonly reason: string };

/** Whose a rule or a device is, by what it says itself and what the cache adds. */
export interface Owner {
  readonly network: string | undefined;
  readonly containerId: string | undefined;
  readonly ifname: string | undefined;
  readonly pod: Pod | undefined;
  readonly standing: Standing;
}

/** What a rule or device says of its owner by itself. */
export type Told = Partial<Pick<Owner, "network" | "containerId" | "ifname">>;

/**
 * The owner, by the attachments of the cache that are its own: several where a container has several interfaces on one
 * network, which share rules and devices. One that lives is enough.
 */
export function ownerOf(told: Told, attachments: readonly KnownAttachment[]): Owner {
  const attachment = attachments.find((one) => !isGone(one)) ?? attachments[0];
  if (attachment === undefined) {
    return {
      network: told.network,
      containerId: told.containerId,
      ifname: told.ifname,
      pod: undefined,
      standing: { kind: "unknown", reason: "the cache has no such attachment" },
    };
  }
  const { network, containerId, ifname, cniArgs, netns } = attachment;
  return {
    network,
    containerId,
    ifname,
    pod: podOf(cniArgs),
    standing: isGone(attachment)
      ? { kind: "orphan", reason: `its network namespace is gone (${netns})` }
      : { kind: "attached" },
  };
}

export function isGone({ netnsState }: KnownAttachment): boolean {
  return netnsState === "missing" || netnsState === "notANetns";
}

function podOf(cniArgs: KnownAttachment["cniArgs"]): Pod | undefined {
  const args = new Map(cniArgs);
  const [namespace, name] = [args.get("K8S_POD_NAMESPACE"), args.get("K8S_POD_NAME")];
  return name === undefined ? undefined : { namespace: namespace ?? "", name };
}

/** The addresses an attachment got, in canonical spelling and without prefix length; of all cniVersions' results. */
export function addressesOf({ result }: Pick<KnownAttachment, "result">): string[] {
  const [ips, ip4, ip6] = [result["ips"], result["ip4"], result["ip6"]];
  const cidrs = [
    ...objectsIn(ips).map(({ address }) => address),
    ...[ip4, ip6].map((old) => (old !== undefined && isJsonObject(old) ? old["ip"] : undefined)),
  ];
  return cidrs.flatMap((cidr) =>
    typeof cidr === "string" ? (parseAddress(cidr.replace(/\/.*$/, ""))?.address ?? []) : [],
  );
}

/** Names of the attachment's interfaces on the node, as its result has them. */
export function hostDevicesOf({ result }: Pick<KnownAttachment, "result">): string[] {
  return objectsIn(result["interfaces"]).flatMap(({ name, sandbox }) =>
    typeof name === "string" && (sandbox === undefined || sandbox === "") ? [name] : [],
  );
}

function objectsIn(json: Json | undefined): JsonObject[] {
  return Array.isArray(json) ? json.filter((one: Json) => isJsonObject(one)) : [];
}

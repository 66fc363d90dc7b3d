import { ifbName } from "@cni-chain/bandwidth/names";
import { containerChain } from "@cni-chain/portmap/iptables/chains";
import { tagOf } from "@cni-chain/portmap/nftables/names";
import { type Conflict, conflictsOf } from "./conflicts.ts";
import type { Forward } from "./forward.ts";
import { addressesOf, hostDevicesOf, isGone, type KnownAttachment, type Owner, ownerOf } from "./owner.ts";
import type { Shaped } from "./shaping.ts";

/** A forwarded port, whose it is, and who else wants it. */
export interface PortRow {
  readonly forward: Forward;
  readonly owner: Owner;
  readonly conflicts: readonly Conflict[];
}

/** A limited pod, and which it is. */
export interface LimitRow {
  readonly shaped: Shaped;
  readonly owner: Owner;
}

/** Forwards with their owners, by host port; of one port, in the kernel's order. */
export function portRows(
  forwards: readonly Forward[],
  attachments: readonly KnownAttachment[],
): readonly PortRow[] {
  const conflicts = conflictsOf(forwards);
  const byChain = Map.groupBy(attachments, containerChain);
  const byContainer = Map.groupBy(attachments, ({ containerId }) => containerId);
  const attachmentsOf = ({ backend, chain, containerId, networkTag }: Forward) =>
    backend === "nftables"
      ? (byContainer.get(containerId ?? "") ?? []).filter(
          ({ network }) => networkTag === undefined || tagOf(network) === networkTag,
        )
      : (byChain.get(chain) ?? []);
  return forwards
    .map((forward): PortRow => {
      const found = attachmentsOf(forward);
      // The reference's rules in nftables do not tell the network: the address does, where a container has several.
      const reached = found.filter((one) => addressesOf(one).includes(forward.podAddress));
      const owner = ownerOf(forward, reached.length > 0 ? reached : found);
      return {
        forward,
        owner: reached.length > 0 ? owner : moved(owner, found),
        conflicts: conflicts.get(forward) ?? [],
      };
    })
    .sort((a, b) => a.forward.hostPort - b.forward.hostPort || compare(a.forward, b.forward));
}

function compare(a: Forward, b: Forward): number {
  const key = ({ protocol, family, backend }: Forward) => `${protocol} ${family} ${backend}`;
  const [left, right] = [key(a), key(b)];
  return left === right ? a.place - b.place : left < right ? -1 : 1;
}

/** The attachment is there, but its result has other addresses; none at all proves nothing. */
function moved(owner: Owner, attachments: readonly KnownAttachment[]): Owner {
  const addresses = attachments.flatMap(addressesOf);
  if (owner.standing.kind !== "attached" || addresses.length === 0) return owner;
  return { ...owner, standing: { kind: "moved", reason: `the pod's address is ${addresses.join(", ")}` } };
}

/** Limited pods with their owners, by the pod's and the device's name. */
export function limitRows(
  shaped: readonly Shaped[],
  attachments: readonly KnownAttachment[],
): readonly LimitRow[] {
  const byIfb = Map.groupBy(attachments, ifbName);
  // A device's name may be given again: that a namespace is gone proves nothing of a veth that is there.
  const living = attachments.filter((one) => !isGone(one));
  const byDevice = new Map(living.flatMap((one) => hostDevicesOf(one).map((name) => [name, one] as const)));
  return shaped
    .map((one): LimitRow => {
      const byName = byIfb.get(one.ifb ?? "") ?? [];
      const device = byName.length === 0 ? byDevice.get(one.hostDevice ?? "") : undefined;
      const owner = ownerOf(one, device === undefined ? byName : [device]);
      const isLost = one.hostDevice === undefined && owner.standing.kind === "unknown";
      const reason = "the pod's device is gone, and nothing leads to this ifb";
      return { shaped: one, owner: isLost ? { ...owner, standing: { kind: "orphan", reason } } : owner };
    })
    .sort((a, b) => (sortName(a) < sortName(b) ? -1 : 1));
}

function sortName({ owner: { pod, network, containerId }, shaped }: LimitRow): string {
  const name = pod === undefined ? "" : `${pod.namespace}/${pod.name}`;
  return [name, network ?? "", containerId ?? "", shaped.hostDevice ?? shaped.ifb ?? ""].join(" ");
}

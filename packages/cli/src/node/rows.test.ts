import { ifbName } from "@cni-chain/bandwidth/names";
import { containerChain } from "@cni-chain/portmap/iptables/chains";
import { tagOf } from "@cni-chain/portmap/nftables/names";
import { expect, test } from "vitest";
import type { Forward } from "./forward.ts";
import type { KnownAttachment } from "./owner.ts";
import { limitRows, portRows } from "./rows.ts";
import type { Limit, Shaped } from "./shaping.ts";

const web = { network: "net", containerId: "web" };

function attachment(more: Partial<KnownAttachment> = {}): KnownAttachment {
  return {
    ...web,
    ifname: "eth0",
    netns: "/run/netns/web",
    netnsState: "present",
    cniArgs: [
      ["IgnoreUnknown", "1"],
      ["K8S_POD_NAMESPACE", "default"],
      ["K8S_POD_NAME", "web-0"],
    ],
    result: {
      interfaces: [{ name: "veth0" }, { name: "eth0", sandbox: "/run/netns/web" }],
      ips: [{ address: "10.88.0.2/16" }, { address: "FD00:88::2/64" }],
    },
    ...more,
  };
}

function forward(more: Partial<Forward> = {}): Forward {
  return {
    backend: "iptables-nft",
    family: "v4",
    protocol: "tcp",
    hostAddress: undefined,
    hostPort: 8080,
    podAddress: "10.88.0.2",
    podPort: 80,
    ...web,
    networkTag: undefined,
    chain: containerChain({ ...web, ifname: "eth0" }),
    place: 0,
    conditional: false,
    packets: 0,
    bytes: 0,
    ...more,
  };
}
const inNft = (more: Partial<Forward>) =>
  forward({ backend: "nftables", chain: "hostports", network: undefined, ...more });
const ownerIn = (one: Forward, attachments: readonly KnownAttachment[]) =>
  portRows([one], attachments)[0]?.owner;

test("an entry whose comment was cut is known by its chain", () => {
  expect(ownerIn(forward({ network: undefined, containerId: undefined }), [attachment()])).toEqual({
    ...web,
    ifname: "eth0",
    pod: { namespace: "default", name: "web-0" },
    standing: { kind: "attached" },
  });
});

test("IPv6 addresses are compared, not their spellings", () => {
  const owner = ownerIn(forward({ family: "v6", podAddress: "fd00:88::2" }), [attachment()]);
  expect(owner?.standing.kind).toBe("attached");
});

test.each<[string, Forward, string | undefined]>([
  ["ours by the tag", inNft({ networkTag: tagOf("net") }), "net"],
  ["another network's tag", inNft({ networkTag: tagOf("other") }), undefined],
  ["the reference's by its address", inNft({ podAddress: "10.99.0.2" }), "second"],
])("nftables: %s", (_, one, network) => {
  const second = attachment({ network: "second", result: { ips: [{ address: "10.99.0.2/16" }] } });
  expect(ownerIn(one, [attachment(), second])?.network).toBe(network);
});

test.each(["missing", "notANetns"] as const)("a namespace that is %s makes an orphan", (netnsState) => {
  expect(ownerIn(forward(), [attachment({ netnsState })])?.standing).toEqual({
    kind: "orphan",
    reason: "its network namespace is gone (/run/netns/web)",
  });
});

test("what is not known is no orphan", () => {
  expect(ownerIn(forward(), [])).toMatchObject({ ...web, pod: undefined, standing: { kind: "unknown" } });
  expect(ownerIn(forward(), [attachment({ netnsState: "unknown" })])?.standing.kind).toBe("attached");
});

test("one interface that lives is enough: they share the chain", () => {
  const gone = attachment({ ifname: "eth0", netnsState: "missing" });
  expect(ownerIn(forward(), [gone, attachment({ ifname: "net1" })])).toMatchObject({
    ifname: "net1",
    standing: { kind: "attached" },
  });
});

test("a rule to another address than the pod's is told; a result without any proves nothing", () => {
  const elsewhere = forward({ podAddress: "10.88.0.9" });
  expect(ownerIn(elsewhere, [attachment()])?.standing).toEqual({
    kind: "moved",
    reason: "the pod's address is 10.88.0.2, fd00:88::2",
  });
  expect(ownerIn(elsewhere, [attachment({ result: {} })])?.standing.kind).toBe("attached");
  const old = attachment({ result: { ip4: { ip: "10.88.0.9/16" } } });
  expect(ownerIn(elsewhere, [old])?.standing.kind).toBe("attached");
});

const limit: Limit = {
  rateBitsPerSecond: 10_000_000,
  burstBits: 500_000,
  bytes: 1,
  packets: 1,
  drops: 0,
  overlimits: 0,
  backlogBytes: 0,
};
function shaped(more: Partial<Shaped> = {}): Shaped {
  return {
    hostDevice: "veth0",
    ifb: undefined,
    redirected: false,
    network: undefined,
    containerId: undefined,
    ifname: undefined,
    ingress: limit,
    egress: undefined,
    ...more,
  };
}
const limitOwner = (one: Shaped, attachments: readonly KnownAttachment[]) =>
  limitRows([one], attachments)[0]?.owner;

test("a limit is known by its ifb's name, or by the device in the pod's result", () => {
  expect(limitOwner(shaped({ hostDevice: "other", ifb: ifbName(web) }), [attachment()])).toMatchObject(web);
  expect(limitOwner(shaped(), [attachment()])).toMatchObject(web);
  expect(limitOwner(shaped({ hostDevice: "other" }), [attachment()])?.standing.kind).toBe("unknown");
});

test("a device's name that was given again proves nothing of the one who had it", () => {
  expect(limitOwner(shaped(), [attachment({ netnsState: "missing" })])?.standing.kind).toBe("unknown");
});

test("an ifb whose pod's device is gone is an orphan, also where the cache knows nothing", () => {
  const left = shaped({ hostDevice: undefined, ifb: ifbName(web), ingress: undefined });
  expect(limitOwner(left, [])?.standing.kind).toBe("orphan");
  expect(limitOwner(left, [attachment({ netnsState: "missing" })])?.standing.kind).toBe("orphan");
  expect(limitOwner(left, [attachment()])?.standing.kind).toBe("attached");
});

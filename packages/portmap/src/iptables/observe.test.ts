import type { Change, Table } from "iptables-wrapper";
import { fakeIptables } from "iptables-wrapper/fake";
import { expect, test } from "vitest";
import { chainsForDel, isBare } from "./observe.ts";

const made = (chain: string): Change => ({ kind: "newChain", chain });

test.each<[string, Partial<Record<Table, Change[]>>, boolean, boolean]>([
  ["nothing", {}, true, true],
  ["chains of others", { nat: [made("KUBE-HOSTPORTS")] }, true, true],
  ["the chain that leads to containers", { nat: [made("CNI-HOSTPORT-DNAT")] }, false, false],
  ["the guard", { raw: [made("CNI-HOSTPORT-LOCAL")] }, false, true],
])("a node with %s", async (_, changes, isBareInV4, isBareInV6) => {
  const iptables = fakeIptables();
  for (const family of ["v4", "v6"] as const) await iptables.apply(family, changes);
  expect([await isBare(iptables, "v4"), await isBare(iptables, "v6")]).toEqual([isBareInV4, isBareInV6]);
});

test("a DEL asks for a chain that is nearly always missing only where that ends no listing", () => {
  const attachment = { network: "net", containerId: "c1", ifname: "eth0" };
  expect(chainsForDel(attachment, "v6", true).nat?.at(-1)).toBe("CNI-HOSTPORT-SNAT");
  expect(chainsForDel(attachment, "v6", false).nat).not.toContain("CNI-HOSTPORT-SNAT");
});

import { ifbName, ownerText } from "@cni-chain/bandwidth/names";
import { bytes, bytesPerSecond, type Qdisc } from "tc-ts";
import type { CountedQdisc } from "tc-ts/counters";
import { expect, test } from "vitest";
import { shapedDevices } from "./shaped-devices.ts";

const attachment = { network: "net", containerId: "c1", ifname: "eth0" };
const owner = ownerText(attachment, "veth0");
const own = ifbName(attachment);
const link = (ifindex: number, name: string, alias?: string) => ({
  name,
  ifindex,
  kind: /^(?:bwp|ifb)/.test(name) ? "ifb" : name.replace(/\d.*/, ""),
  alias,
});
const counters = { bytes: 1000, packets: 10, drops: 2, overlimits: 5, backlog: 7 };
const tbf = (ifindex: number, root = true): CountedQdisc => {
  const qdisc: Qdisc = {
    kind: "tbf",
    handle: "1:",
    root,
    rate: bytesPerSecond(125_000),
    burst: bytes(6250),
    limit: bytes(9375),
  };
  return { ifindex, qdisc, counters };
};
/** One without alias, as the reference makes them, or that of the owner. */
const ifb = (ifindex: number, alias?: string) =>
  link(ifindex, alias === undefined ? `bwp${String(ifindex).padStart(12, "0")}` : own, alias);

test("a veth with its ifb, whose alias tells the owner, and the limits of both", () => {
  const found = shapedDevices({
    links: [link(1, "veth0"), link(2, "veth1"), ifb(3, owner), link(4, "ifb0")],
    qdiscs: [tbf(1), tbf(3), tbf(4)],
    redirects: new Map([[1, [3]]]),
  });
  const limit = {
    rateBitsPerSecond: 1_000_000,
    burstBits: 50_000,
    bytes: 1000,
    packets: 10,
    drops: 2,
    overlimits: 5,
    backlogBytes: 7,
  };
  expect(found).toEqual([
    {
      hostDevice: "veth0",
      ifb: own,
      redirected: true,
      network: "net",
      containerId: "c1",
      ifname: "eth0",
      ingress: limit,
      egress: limit,
    },
  ]);
});

test("an ifb nothing leads to is its veth's by the alias, or left over", () => {
  const found = shapedDevices({
    links: [link(1, "veth0"), ifb(3, owner), ifb(4)],
    qdiscs: [tbf(3), tbf(4)],
    redirects: new Map(),
  });
  expect(found.map(({ hostDevice, ifb, redirected }) => [hostDevice, ifb, redirected])).toEqual([
    ["veth0", own, false],
    [undefined, "bwp000000000004", false],
  ]);
});

test("an alias of somebody else's tells no owner, and a left ifb with one is not ours", () => {
  const found = shapedDevices({
    links: [
      link(1, "veth0"),
      link(2, "veth1"),
      link(3, "bwp000000000003", owner),
      link(4, "bwp000000000004", "mine"),
    ],
    qdiscs: [tbf(3), tbf(4)],
    redirects: new Map([[2, [3]]]),
  });
  expect(found).toMatchObject([{ hostDevice: "veth1", ifb: "bwp000000000003", containerId: undefined }]);
});

test("a tbf below another qdisc limits no pod, and a redirect elsewhere is somebody else's", () => {
  const found = shapedDevices({
    links: [link(1, "veth0"), link(4, "ifb0")],
    qdiscs: [tbf(1, false), tbf(4)],
    redirects: new Map([[1, [4]]]),
  });
  expect(found).toEqual([]);
});

test("an alias that fills its room may have been cut, and names no container", () => {
  const long = ownerText({ network: "net", containerId: "c".repeat(250), ifname: "eth0" }, "veth0");
  const [found] = shapedDevices({ links: [ifb(3, long)], qdiscs: [], redirects: new Map() });
  expect(found).toMatchObject({ network: "net", containerId: undefined });
});

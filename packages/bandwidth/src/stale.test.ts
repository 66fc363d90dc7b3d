import type { Link } from "@cni-chain/ip-ts";
import { expect, test } from "vitest";
import { ifbName, ownerText } from "./names.ts";
import { staleIfbs } from "./stale.ts";

function link(name: string, kind: string, alias?: string): Link {
  return {
    name,
    kind,
    alias,
    ifindex: 2,
    flags: [],
    up: true,
    mtu: 1500,
    txqlen: 0,
    mac: undefined,
    master: undefined,
    peer: undefined,
  };
}

function ifb(network: string, containerId: string, veth: string): Link {
  const attachment = { network, containerId, ifname: "eth0" };
  return link(ifbName(attachment), "ifb", ownerText(attachment, veth));
}

const name = (network: string, containerId: string) => ifbName({ network, containerId });
const links = [
  ifb("net", "valid", "veth1"),
  ifb("net", "stale", "veth2"),
  ifb("net", "gone", "veth3"),
  ifb("net2", "stale", "veth4"),
  link(name("net", "reference"), "ifb"),
  link("ifb0", "ifb", ownerText({ network: "net", containerId: "x", ifname: "e" }, "veth1")),
  // A name like ours, and the owner of another ifb.
  link(
    "bwp000000000000",
    "ifb",
    ownerText({ network: "net", containerId: "stale", ifname: "eth0" }, "veth2"),
  ),
  link(name("net", "dummy"), "dummy", ownerText({ network: "net", containerId: "dummy", ifname: "e" }, "v")),
  ...["veth1", "veth2", "veth4"].map((veth) => link(veth, "veth")),
];

test("what belongs to the network and to no valid container is stale, with its veth where that is left", () => {
  expect(staleIfbs(links, "net", [{ containerId: "valid", ifname: "eth0" }])).toEqual([
    { ifb: name("net", "stale"), veth: "veth2" },
    { ifb: name("net", "gone"), veth: undefined },
  ]);
  expect(staleIfbs(links, "net2", [])).toEqual([{ ifb: name("net2", "stale"), veth: "veth4" }]);
});

test("without valid attachments still nothing but the network's own", () => {
  expect(staleIfbs(links, "net", [])).toHaveLength(3);
  expect(staleIfbs(links, "ne", [])).toEqual([]);
  expect(staleIfbs(links, "t", [])).toEqual([]);
});

test("a container that is valid with any interface keeps its ifb", () => {
  expect(staleIfbs([ifb("net", "c", "v")], "net", [{ containerId: "c", ifname: "net1" }])).toEqual([]);
});

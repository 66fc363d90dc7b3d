import type { Result } from "@cni-chain/core";
import { expect, test } from "vitest";
import { destinationsOf } from "./destinations.ts";

const attachment = { network: "n", containerId: "c", ifname: "eth0" };
const interfaces = [
  { name: "cni0" },
  { name: "eth0", sandbox: "/run/netns/x" },
  { name: "net1", sandbox: "/run/netns/x" },
];
const find = (ips: Result["ips"], from: Result["interfaces"] = interfaces) =>
  destinationsOf({ interfaces: from, ips, routes: [] }, attachment).map(({ cidr }) => cidr);

test("the first of each family, v4 first", () => {
  expect(
    find([
      { address: "fd00::2/64" },
      { address: "fd00::3/64" },
      { address: "10.0.0.2/24" },
      { address: "10.0.0.3/24" },
    ]),
  ).toEqual(["10.0.0.2/24", "fd00::2/64"]);
});

test("addresses of other interfaces of the pod, and of the node's, are passed over", () => {
  expect(
    find([
      { address: "10.0.0.1/24", interface: 0 },
      { address: "10.1.0.2/24", interface: 2 },
      { address: "10.0.0.2/24", interface: 1 },
    ]),
  ).toEqual(["10.0.0.2/24"]);
});

test("an index that is missing or points nowhere says nothing against the address", () => {
  expect(find([{ address: "10.0.0.2/32" }])).toEqual(["10.0.0.2/32"]);
  expect(find([{ address: "10.0.0.2/32", interface: 7 }])).toEqual(["10.0.0.2/32"]);
  expect(find([{ address: "10.0.0.2/32", interface: -1 }], [])).toEqual(["10.0.0.2/32"]);
});

import type { AttachmentCall } from "@cni-chain/core";
import { type Links, linksByTool } from "@cni-chain/ip-ts";
import { fakeIp } from "@cni-chain/ip-ts/fake";
import { expect, test } from "vitest";
import { loopback } from "./plugin.ts";

const call: AttachmentCall<object> = {
  attachment: { network: "cni-loopback", containerId: "c1", ifname: "lo" },
  cniVersion: "1.0.0",
  config: {},
  netns: "/pod",
  prevResult: undefined,
  warn: expect.unreachable,
};

test("works by netlink where it can be had, and by tools where not", async () => {
  const [first, second] = [fakeIp({ "/pod": [] }), fakeIp({ "/pod": [] })];
  const isUp = (ip: typeof first) => ip.namespaces.get("/pod")?.get("lo")?.flags.includes("UP");
  const add = (byNetlink: Links | undefined) => {
    const host = { byNetlink: async () => byNetlink, byTools: async () => linksByTool(second), path: "" };
    return loopback(host).add(call);
  };
  await add(linksByTool(first));
  expect([isUp(first), isUp(second)]).toEqual([true, false]);
  await add(undefined);
  expect(isUp(second)).toBe(true);
});

import type { AttachmentCall, DelCall } from "@cni-chain/core";
import { linksByTool } from "@cni-chain/ip-ts";
import { type FakeIp, fakeIp } from "@cni-chain/ip-ts/fake";
import { expect, test } from "vitest";
import { add, del } from "./work.ts";

const by = (ip: FakeIp) => async () => linksByTool(ip);
/** A path that is a network namespace; what is in it is the fake's. */
const netns = "/proc/self/ns/net";
const attachment = { network: "cni-loopback", containerId: "c1", ifname: "lo" };
const warnings: string[] = [];
const common = {
  attachment,
  cniVersion: "1.0.0" as const,
  warn: (message: string) => void warnings.push(message),
};
const call: AttachmentCall<object> = { ...common, config: {}, netns, prevResult: undefined };
const delCall: DelCall = { ...common, netns, prevResult: undefined, netConf: {} };

test("a lo that cannot be set down, in a namespace that is there, is a failure", async () => {
  const ip = fakeIp({ [netns]: [] }, (line) => line.endsWith("down"));
  await expect(del(delCall, by(ip))).rejects.toThrow("(line 1: link set dev lo down)");
});

test("a lo that cannot be set up is a failure", async () => {
  const ip = fakeIp({ [netns]: [] }, (line) => line.endsWith("up"));
  await expect(add(call, by(ip))).rejects.toThrow("(line 2: link set dev lo up)");
});

test("tells of a lo that stays up after a refusal", async () => {
  const ip = fakeIp({ [netns]: [] }, (line) => line.endsWith("down"));
  const lo = ip.namespaces.get(netns)?.get("lo");
  Object.assign(lo ?? {}, { addr_info: [{ family: "inet", local: "10.0.0.1", prefixlen: 32 }] });
  await expect(add(call, by(ip))).rejects.toThrow("10.0.0.1/32");
  expect(warnings).toEqual([expect.stringContaining("could not set lo down again")]);
});

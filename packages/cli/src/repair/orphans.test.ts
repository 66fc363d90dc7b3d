import type { Standing } from "@cni-chain/portmap/restore";
import { expect, test } from "vitest";
import type { CachedAttachment } from "../libcni/cache.ts";
import { parseNamespaceMounts } from "./netns-addresses.ts";
import { type NetnsStanding, verdictOn } from "./orphans.ts";

const attachment: CachedAttachment = {
  network: "net",
  containerId: "web",
  ifname: "eth0",
  netns: "/run/netns/web",
  cniArgs: [],
  capabilityArgs: {},
  config: {},
  configText: "",
  result: {},
  file: "net-web-eth0",
  modifiedMs: 0,
};
const rules: Standing = {
  key: "CNI-DN-x",
  containerId: "web",
  isOf: ({ containerId }) => containerId === "web",
  forwards: [{ protocol: "tcp", hostPort: 1, hostAddress: undefined, address: "10.1.0.2", port: 1 }],
};
const evidence = (cached: boolean, netns: NetnsStanding, nowhere: boolean | undefined) => ({
  attachments: cached ? [attachment] : [],
  netnsOf: () => netns,
  isNowhere: () => nowhere,
});

test.each([
  ["its namespace stands", true, "present", true, "owned"],
  ["nobody can tell of its namespace", true, "unknown", true, "owned"],
  ["its namespace is gone", true, "gone", false, "orphan"],
  ["it is not in the cache, but its address is somewhere: an ADD under way", false, "gone", false, "unknown"],
  ["it is not in the cache, and not every namespace could be read", false, "gone", undefined, "unknown"],
  ["it is not in the cache, and its address is nowhere", false, "gone", true, "orphan"],
] as const)("%s", (_what, cached, netns, nowhere, kind) => {
  expect(verdictOn(rules, evidence(cached, netns, nowhere)).kind).toBe(kind);
});

test("rules that lead nowhere prove nothing", () => {
  expect(verdictOn({ ...rules, forwards: [] }, evidence(false, "gone", true)).kind).toBe("unknown");
});

test("network namespaces among mounts, with white space in their paths", () => {
  const text = [
    "22 1 0:20 / /proc rw shared:1 - proc proc rw",
    "90 30 0:4 net:[4026532300] /run/netns/a rw - nsfs nsfs rw",
    "91 30 0:4 net:[4026532301] /run/my\\040pods/b rw - nsfs nsfs rw",
    "92 30 0:4 mnt:[4026532302] /run/other rw - nsfs nsfs rw",
  ].join("\n");
  expect(parseNamespaceMounts(text)).toEqual([
    { name: "net:[4026532300]", path: "/run/netns/a" },
    { name: "net:[4026532301]", path: "/run/my pods/b" },
  ]);
});

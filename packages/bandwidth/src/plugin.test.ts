import type { DelCall } from "@cni-chain/core";
import { fakeIp } from "@cni-chain/ip-ts/fake";
import { expect, test } from "vitest";
import { type Network, networkByTools } from "./network.ts";
import { bandwidth } from "./plugin.ts";

const call: DelCall = {
  attachment: { network: "net", containerId: "c1", ifname: "eth0" },
  cniVersion: "1.0.0",
  netns: undefined,
  prevResult: undefined,
  netConf: {},
  warn: expect.unreachable,
};

test("works by netlink where it can be had, and by tools where not", async () => {
  const used: string[] = [];
  const named = (name: string): Network => {
    const ip = fakeIp({});
    return networkByTools({
      run(command) {
        used.push(name);
        return ip.run(command);
      },
    });
  };
  const del = (byNetlink: Network | undefined) => {
    const host = { byNetlink: async () => byNetlink, byTools: async () => named("tools"), path: "" };
    return bandwidth(host).del(call);
  };
  await del(named("netlink"));
  await del(undefined);
  expect(used).toEqual(["netlink", "tools"]);
});

import { ownNetns } from "@cni-chain/core";
import type { NodeFiles } from "@cni-chain/exec/requirements";
import { linksByNetlink } from "@cni-chain/ip-ts/netlink";
import { NetlinkError, type OpenSocket } from "@cni-chain/netlink";
import { trafficControlByNetlink } from "tc-ts/netlink";
import { expect, test } from "vitest";
import { status } from "./status.ts";

const byTools = { byNetlink: async () => undefined, path: "/bin" };
const over = (open: OpenSocket) => ({
  byNetlink: async () => ({ links: linksByNetlink(open), tc: trafficControlByNetlink(open) }),
  path: "/bin",
});
const byNetlink = over(() => ({
  send: () => expect.unreachable(),
  receive: () => undefined,
  close: () => {},
}));

const all = ["IFB", "NET_SCH_TBF", "NET_SCH_INGRESS", "NET_CLS_U32", "NET_ACT_MIRRED"];
const enough = "0000000000201000";

function node(tools: readonly string[], capabilities: string, options: readonly string[]): NodeFiles {
  const texts: Record<string, string> = {
    "/proc/self/status": `CapEff:\t${capabilities}\n`,
    "/proc/sys/kernel/osrelease": "6.1.0\n",
    "/proc/config.gz": ["NET", ...options].map((option) => `CONFIG_${option}=y\n`).join(""),
  };
  return {
    text: async (path) => texts[path],
    isExecutable: (path) => tools.some((tool) => path === `/bin/${tool}`),
  };
}

const tools = ["ip", "tc", "nsenter"];
const without = (list: readonly string[], item: string) => list.filter((other) => other !== item);

test("a node with everything is ready, and needs no tools for what the process can do", async () => {
  await expect(status(byNetlink, node([], enough, all))).resolves.toBeUndefined();
  await expect(status(byTools, node(tools, enough, all))).resolves.toBeUndefined();
});

test("capabilities of another user namespace are none here", async () => {
  const refusing = (number: number) =>
    over((netns) => {
      throw new NetlinkError(`setns ${netns}`, number, undefined);
    });
  await expect(status(refusing(1), node([], enough, all))).rejects.toMatchObject({
    code: 50,
    message: expect.stringMatching(/^CAP_SYS_ADMIN: not in the user namespace/),
  });
  await expect(status(refusing(24), node([], enough, all))).rejects.toThrow(`setns ${ownNetns}`);
});

test.each<readonly [string, NodeFiles]>([
  ...tools.map((tool) => [tool, node(without(tools, tool), enough, all)] as const),
  ...all.map((option) => [`CONFIG_${option}`, node(tools, enough, without(all, option))] as const),
  ["CAP_NET_ADMIN", node(tools, "0000000000200000", all)],
  ["CAP_SYS_ADMIN", node(tools, "0000000000001000", all)],
])("%s is needed", async (name, files) => {
  await expect(status(byTools, files)).rejects.toMatchObject({
    code: 50,
    message: expect.stringContaining(name),
    details: expect.not.stringContaining("\n"),
  });
});

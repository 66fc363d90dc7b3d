import type { NodeFiles } from "@cni-chain/exec/requirements";
import { linksByNetlink } from "@cni-chain/ip-ts/netlink";
import { expect, test } from "vitest";
import { status } from "./status.ts";

const byTools = { byNetlink: async () => undefined, path: "/bin" };
const byNetlink = { byNetlink: async () => linksByNetlink(expect.unreachable), path: "/bin" };

function node(executables: readonly string[], capabilities: string): NodeFiles {
  return {
    text: async (path) => (path === "/proc/self/status" ? `CapEff:\t${capabilities}\n` : undefined),
    isExecutable: (path) => executables.includes(path),
  };
}
const tools = ["/bin/ip", "/bin/nsenter"];

test("a node with everything is ready, and needs no tools for what the process can do", async () => {
  await expect(status(byNetlink, node([], "0000000000201000"))).resolves.toBeUndefined();
  await expect(status(byTools, node(tools, "0000000000201000"))).resolves.toBeUndefined();
});

test.each([
  ["ip", ["/bin/nsenter"], "0000000000201000"],
  ["nsenter", ["/bin/ip"], "0000000000201000"],
  ["CAP_NET_ADMIN", tools, "0000000000200000"],
  ["CAP_SYS_ADMIN", tools, "0000000000001000"],
])("%s is needed", async (name, executables, capabilities) => {
  await expect(status(byTools, node(executables, capabilities))).rejects.toMatchObject({
    code: 50,
    message: expect.stringMatching(new RegExp(`^${name}: [^;]*(; install it)?$`)),
  });
});

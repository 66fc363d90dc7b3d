import { readlinkSync, writeFileSync } from "node:fs";
import { type PrivateNode, privateNode } from "@cni-chain/e2e/lib/private-node.ts";
import { exchangeOver, findLink, ifindexOf } from "@cni-chain/netlink";
import { netlinkSockets } from "@cni-chain/netlink/bun";
import { afterEach, beforeEach, expect, test } from "vitest";
import { homeSockets } from "./home-sockets.ts";

let node: PrivateNode;
beforeEach(async () => {
  node = await privateNode();
  await node.run("ip netns add pod");
  await node.run("ip link add outside index 70 type veth peer name inside index 71 netns pod");
});
afterEach(() => node[Symbol.asyncDispose]());

test("each socket stays in its namespace, and the thread where it was", async () => {
  const before = readlinkSync("/proc/thread-self/ns/net");
  const open = await homeSockets(node);
  const [home, pod] = [open(), open(node.netns("pod"))];
  const index = (socket: typeof home, name: string) => {
    const link = findLink(exchangeOver(socket), { name });
    return link === undefined ? undefined : ifindexOf(link);
  };
  expect([index(home, "outside"), index(home, "inside")]).toEqual([70, undefined]);
  expect([index(pod, "outside"), index(pod, "inside")]).toEqual([undefined, 71]);
  home.close();
  pod.close();
  expect(readlinkSync("/proc/thread-self/ns/net")).toBe(before);
  expect(readlinkSync("/proc/self/ns/net")).toBe(before);
  // A process started now is where this one is.
  const { stdout } = Bun.spawnSync(["readlink", "/proc/self/ns/net"]);
  expect(stdout.toString().trim()).toBe(before);
});

test("a socket holds a thousand openings later no descriptor too many", async () => {
  const open = await homeSockets(node);
  const descriptors = () =>
    Bun.spawnSync(["ls", `/proc/${process.pid}/fd`])
      .stdout.toString()
      .split("\n").length;
  const before = descriptors();
  for (let round = 0; round < 1000; round += 1) open(node.netns("pod")).close();
  expect(() => open(node.netns("never"))).toThrow();
  expect(descriptors()).toBeLessThan(before + 10);
});

test("a path that is no namespace, a pipe and one that is not there, are told at once", async () => {
  const open = netlinkSockets();
  writeFileSync(node.netns("stale"), "");
  await node.run("mkfifo /run/netns/pipe");
  for (const name of ["stale", "pipe"]) {
    const path = node.netns(name);
    expect(() => open?.(path)).toThrow(`there is no network namespace ${path}: EINVAL, invalid argument`);
  }
  const never = node.netns("never");
  expect(() => open?.(never)).toThrow(`there is no network namespace ${never}: ENOENT, no such object`);
});

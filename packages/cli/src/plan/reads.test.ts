import { expect, test } from "vitest";
import { dryRunner } from "./dry-runner.ts";
import { isRead } from "./reads.ts";

const restore = (stdin: string) => ({ file: "iptables-restore", argv: ["--noflush"], stdin });

test.each([
  restore("*nat\n-S PREROUTING\n-S CNI-HOSTPORT-DNAT\nCOMMIT\n"),
  restore("*nat\n-S\nCOMMIT\n"),
  { file: "nft", argv: ["-j", "list", "table", "ip", "cni_hostport"] },
  { file: "nft", argv: ["list", "flowtables"] },
  { file: "conntrack", argv: ["-L", "-p", "udp"] },
  { file: "ip", argv: ["-j", "route", "get", "10.1.0.5"] },
  {
    file: "ip",
    argv: ["-j", "-d", "-force", "-batch", "-"],
    stdin: "link show dev lo\naddr show dev eth0\n",
  },
  {
    file: "nsenter",
    argv: ["--net=/x", "--", "ip", "-j", "-d", "-batch", "-"],
    stdin: "addr show dev eth0\n",
  },
  { file: "tc", argv: ["-j", "-r", "-batch", "-"], stdin: "qdisc show dev a\nfilter show dev a ingress\n" },
])("$file $argv reads", (command) => {
  expect(isRead(command)).toBe(true);
});

test.each([
  restore("*nat\n-S PREROUTING\n-A PREROUTING -j X\nCOMMIT\n"),
  restore("*nat\n:X - [0:0]\nCOMMIT\n"),
  { file: "nft", argv: ["-f", "-"], stdin: "list table ip x\n" },
  { file: "conntrack", argv: ["-D", "-p", "udp"] },
  { file: "conntrack", argv: ["-R", "-"], stdin: "-D -p udp\n" },
  { file: "ip", argv: ["route", "add", "10.1.0.0/16", "dev", "x"] },
  { file: "ip", argv: ["-batch", "-"], stdin: "link show dev a\nlink delete dev a\n" },
  { file: "nsenter", argv: ["--net=/x", "--", "rm", "-rf", "/"] },
  { file: "tc", argv: ["-batch", "-"], stdin: "qdisc delete dev a root\n" },
  { file: "sh", argv: ["-c", "true"] },
])("$file $argv is not run", async (command) => {
  expect(isRead(command)).toBe(false);
  const noted: unknown[] = [];
  const runner = dryRunner({ run: () => Promise.reject(new Error("it was run")) }, (one) => noted.push(one));
  expect(await runner.run(command)).toMatchObject({ kind: "exited", exitCode: 0 });
  expect(noted).toEqual([command]);
});

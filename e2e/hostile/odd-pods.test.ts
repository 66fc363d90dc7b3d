import { createHash } from "node:crypto";
import { networkByTools } from "@cni-chain/bandwidth/network";
import { bandwidth } from "@cni-chain/bandwidth/plugin";
import { type Io, runPlugin } from "@cni-chain/core";
import type { Command, Runner } from "@cni-chain/exec";
import { linksByNetlink } from "@cni-chain/ip-ts/netlink";
import type { OpenSocket } from "@cni-chain/netlink";
import { homeSockets } from "@cni-chain/netlink/test/home-sockets.ts";
import fc from "fast-check";
import { trafficControlByNetlink } from "tc-ts/netlink";
import { expect, test } from "vitest";
import { patience, rounds } from "../lib/long.ts";
import { type PrivateNode, privateNode } from "../lib/private-node.ts";
import { flaw } from "./lib/judge.ts";
import { nastyTexts } from "./lib/mutate.ts";
import { meaningOf, readBatch } from "./lib/read-batch.ts";
import { readNetlink, type Sent } from "./lib/read-netlink.ts";
import { tryProperty } from "./lib/try-property.ts";

// Whole calls of bandwidth for pods, links and networks of any name, on a real kernel: every message and every line that goes
// out is read back, and is the plan's; what the kernel has in the end is what was meant.

const nasty = fc.oneof(fc.constantFrom(...nastyTexts), fc.string({ unit: "binary", maxLength: 20 }));
const name = fc.oneof(
  { arbitrary: fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,200}$/), weight: 12 },
  { arbitrary: nasty, weight: 1 },
);
/** What the kernel takes for a new link, on bytes (dev_valid_name); a `%` is a pattern there. */
const isLinkName = (text: string) =>
  text.isWellFormed() &&
  text !== "." &&
  text !== ".." &&
  /^[^\0\t-\r \xa0/:%]{1,15}$/.test(Buffer.from(text).toString("latin1"));
const link = fc
  .oneof(
    fc.constantFrom(
      "-rf",
      "--help",
      "'",
      '"',
      "a'b",
      "$(id)",
      ";reboot",
      "#x",
      "a\\",
      "\u001b[2J",
      "@x",
      "dev",
      "名前",
      "\ufeffx",
    ),
    fc.stringMatching(/^[a-z0-9@.,+_~-]{1,15}$/),
    fc.string({ unit: "binary", minLength: 1, maxLength: 7 }),
  )
  .filter((text) => isLinkName(text) && text !== "lo");
const called = fc.record({
  network: name,
  containerId: name,
  ifname: link,
  veth: link.filter((text) => !text.startsWith("bwp")),
  listed: fc.array(nasty, { maxLength: 3 }),
});
interface Called {
  readonly network: string;
  readonly containerId: string;
  readonly ifname: string;
  readonly veth: string;
  readonly listed: readonly string[];
}

/** One that is always set. */
const usual: Called = { network: "net", containerId: "c1", ifname: "eth0", veth: "veth1", listed: ["cni0"] };

const isIdentifier = (text: string) => /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(text);
/** What a batch has no way to hold. */
const isUnwritable = (text: string) => /["'#\\]|\p{Cc}/u.test(text);

/** Everything that goes out, as it is meant. */
class Wire {
  readonly sent: Sent[] = [];
  readonly commands: Command[] = [];
  readonly open: OpenSocket;
  readonly runner: Runner;

  constructor(sockets: OpenSocket, runner: Runner) {
    this.open = (...where) => {
      const socket = sockets(...where);
      return {
        send: (message) => {
          this.sent.push(readNetlink(message));
          socket.send(message);
        },
        receive: () => socket.receive(),
        close: () => socket.close(),
      };
    };
    this.runner = {
      run: (command) => {
        this.commands.push(command);
        return runner.run(command);
      },
    };
  }

  /** Messages that change anything, and lines that do. */
  changes(): readonly object[] {
    const lines = this.commands.flatMap(({ stdin }) =>
      stdin === undefined ? [] : readBatch(stdin).map(meaningOf),
    );
    return [
      ...this.sent.filter(({ do: what }) => !what.startsWith("get")),
      ...lines.filter(({ do: what }) => !what.endsWith("show")),
    ];
  }

  /** Names that are asked for. */
  asked(): readonly unknown[] {
    const lines = this.commands.flatMap(({ stdin }) =>
      stdin === undefined ? [] : readBatch(stdin).map(meaningOf),
    );
    const named = [...this.sent, ...lines].flatMap((one) => [one["name"], one["device"]]);
    return named.filter((one) => one !== undefined);
  }
}

async function call(wire: Wire, by: string, command: string, netns: string, given: Called) {
  const { network, containerId, ifname, veth, listed } = given;
  const interfaces = [...listed, veth].map((name) => ({ name }));
  const document = {
    ...{ cniVersion: "1.0.0", name: network, type: "bandwidth" },
    ...{ ingressRate: 8e6, ingressBurst: 8e5, egressRate: 16e6, egressBurst: 16e5 },
    prevResult: { cniVersion: "1.0.0", interfaces: [...interfaces, { name: ifname, sandbox: netns }] },
  };
  let [stdout, stderr] = ["", ""];
  const io: Io = {
    env: {
      ...{ CNI_COMMAND: command, CNI_CONTAINERID: containerId, CNI_IFNAME: ifname },
      ...{ CNI_NETNS: netns, CNI_PATH: "/opt/cni/bin", PATH: "/usr/sbin" },
    },
    readStdin: () => JSON.stringify(document),
    writeStdout: (text) => {
      stdout += text;
    },
    writeStderr: (text) => {
      stderr += text;
    },
    netnsIdentity: () => undefined,
  };
  const byNetlink = { links: linksByNetlink(wire.open), tc: trafficControlByNetlink(wire.open) };
  const exitCode = await runPlugin(
    bandwidth({
      byNetlink: async () => (by === "netlink" ? byNetlink : undefined),
      byTools: async () => networkByTools(wire.runner),
      path: "",
    }),
    io,
  );
  return { exitCode, stdout, stderr };
}

const ifbOf = ({ network, containerId }: Called) =>
  `bwp${createHash("sha512")
    .update(network + containerId)
    .digest("hex")}`.slice(0, 15);
const plain = (text: string) => [...text].map((one) => (/[\w.@+-]/.test(one) ? one : "_")).join("");
const aliasOf = ({ network, containerId, ifname, veth }: Called) =>
  `cni-chain host=${plain(veth)} ifname=${plain(ifname)} network=${network} container=${containerId}`.slice(
    0,
    255,
  );

/** Rates in bytes: of egress at the ifb, of ingress at the veth; a limit holds 25 ms and the burst. */
const [atIfb, atVeth] = [
  { rate: 2_000_000, burst: 200_000, limit: 250_000 },
  { rate: 1_000_000, burst: 100_000, limit: 125_000 },
];

function expectedMessages(given: Called, veth: number, ifb: number): readonly object[] {
  const [name, root] = [ifbOf(given), { handle: 0x10000, parent: 0xffffffff, info: 0, kind: "tbf" }];
  return [
    { do: "newLink", flags: 0x605, name, mtu: 1500, txqlen: 0, kind: "ifb" },
    { do: "newLink", flags: 5, name, alias: aliasOf(given), up: 1, change: 1 },
    {
      do: "newQdisc",
      flags: 0x605,
      index: veth,
      handle: 0xffff0000,
      parent: 0xfffffff1,
      info: 0,
      kind: "ingress",
    },
    { do: "newQdisc", flags: 0x505, index: ifb, ...root, ...atIfb },
    {
      ...{
        do: "newFilter",
        flags: 0x605,
        index: veth,
        handle: 0,
        parent: 0xfffffff2,
        info: 0x10300,
        kind: "u32",
      },
      ...{ classId: 0x10001, action: "mirred", steal: 4, direction: 1, target: ifb },
    },
    { do: "newQdisc", flags: 0x505, index: veth, ...root, ...atVeth },
  ];
}

function expectedLines(given: Called): readonly object[] {
  const [name, device] = [ifbOf(given), given.veth];
  const tbf = ({ rate, burst, limit }: typeof atIfb) => {
    return {
      handle: "1:",
      rate: `${rate}bps`,
      burst: String(burst),
      limit: String(limit),
      alone: "root tbf",
    };
  };
  return [
    { do: "link add", name, mtu: "1500", txqlen: "0", kind: "ifb" },
    { do: "link set", name, alias: aliasOf(given), alone: "up" },
    { do: "qdisc add", device, alone: "ingress" },
    { do: "qdisc replace", device: name, ...tbf(atIfb) },
    {
      ...{ do: "filter add", device, protocol: "all", preference: "1", classId: "1:1" },
      ...{ target: name, alone: "ingress u32 match u32 0 0" },
    },
    { do: "qdisc replace", device, ...tbf(atVeth) },
  ];
}

/** Makes the pair, has the limits set, looked at and taken away, and gives whether they were set at all. */
async function round(
  node: PrivateNode,
  sockets: OpenSocket,
  by: string,
  given: Called,
  index: number,
): Promise<boolean> {
  const { ifname, veth, network, containerId, listed } = given;
  const pair = ["index", String(index), "type", "veth", "peer", "name", ifname, "netns", "pod"];
  await node.run(["ip", "link", "add", "name", veth, ...pair]);
  const netns = node.netns("pod");
  try {
    const wire = new Wire(sockets, node.runner);
    const added = await call(wire, by, "ADD", netns, given);
    expect(flaw(added)).toBeUndefined();
    for (const { argv } of wire.commands) {
      const command = argv[0] === `--net=${netns}` ? argv.slice(3) : argv;
      expect(
        command.every((word) => /^-(j|d|r|force|batch)?$/.test(word)),
        argv.join(" "),
      ).toBe(true);
    }
    const known = [ifname, veth, ifbOf(given), "lo", ...listed];
    expect(wire.asked().filter((one) => typeof one === "string" && !known.includes(one))).toEqual([]);
    if (added.exitCode !== 0) {
      expect(wire.changes()).toEqual([]);
      const unwritable = by === "tools" && [ifname, veth, ...listed].some(isUnwritable);
      const isRefused =
        !isIdentifier(network) ||
        !isIdentifier(containerId) ||
        ifname.trim() !== ifname ||
        /\s|\u0085|\ufeff/.test(ifname);
      expect(unwritable || isRefused, added.stdout).toBe(true);
      return false;
    }
    const shown = await node.run(["ip", "-o", "link", "show", "dev", ifbOf(given)]);
    const ifb = Number.parseInt(shown, 10);
    expect(wire.changes()).toEqual(
      by === "netlink" ? expectedMessages(given, index, ifb) : expectedLines(given),
    );
    expect(shown).toContain(`alias ${aliasOf(given)}`);
    for (const command of ["CHECK", "DEL", "DEL"])
      expect(await call(new Wire(sockets, node.runner), by, command, netns, given)).toEqual({
        exitCode: 0,
        stdout: "",
        stderr: "",
      });
    expect(await node.run("ip -o link show type ifb")).toBe("");
    expect(await node.run("tc qdisc show")).not.toMatch(/tbf|ingress/);
    return true;
  } finally {
    await node.run(["ip", "link", "delete", "dev", veth]);
  }
}

test.for([
  ["netlink", rounds(6, 600)],
  ["tools", rounds(3, 150)],
] as const)("by %s", { timeout: patience(60_000, 1_200_000) }, async ([by, count], { task }) => {
  await using node = await privateNode();
  await node.run("ip netns add pod");
  const sockets = await homeSockets(node);
  let [taken, index] = [0, 5000];
  const property = fc.asyncProperty(called, async (given) => {
    fc.pre(given.ifname !== given.veth);
    index += 1;
    if (await round(node, sockets, by, given, index)) taken += 1;
  });
  await tryProperty(task, { what: `odd pods on a real kernel, by ${by}`, times: count }, property, {
    numRuns: count,
    examples: [[usual]],
  });
  expect(taken).toBeGreaterThan(count / 20);
});
